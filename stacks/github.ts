import { allow, policy } from './policy.ts'
import { boundaryArn, makeBoundary } from './preview-boundary.ts'
import { rightsOfPreviews } from './preview-rights.ts'

/** Whose workflows may come in. */
const repository = process.env['GITHUB_REPOSITORY'] ?? 'wealist/wealist'
const issuer = 'token.actions.githubusercontent.com'

/**
 * Roles that GitHub's workflows take by OpenID Connect, in dev's hands: no key is kept anywhere. A release pushes images; a
 * preview makes and removes stages called `pr-…`, with rights on what they are made of and no others.
 */
export const makeGithubRoles = (vpc: sst.aws.Vpc, domain: string) => {
  const provider = new aws.iam.OpenIdConnectProvider('Github', {
    url: `https://${issuer}`,
    clientIdLists: ['sts.amazonaws.com'],
  })
  const trust = (subjects: string[]) =>
    provider.arn.apply((arn) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Federated: arn },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' },
              StringLike: { [`${issuer}:sub`]: subjects.map((subject) => `repo:${repository}:${subject}`) },
            },
          },
        ],
      }),
    )
  const release = new aws.iam.Role('ReleaseRole', {
    assumeRolePolicy: trust(['environment:dev', 'environment:prod']),
    maxSessionDuration: 3600,
    inlinePolicies: [
      {
        name: 'push',
        policy: policy([
          allow(['ecr:GetAuthorizationToken']),
          allow(
            [
              ...['BatchCheckLayerAvailability', 'BatchGetImage', 'CompleteLayerUpload', 'GetDownloadUrlForLayer'],
              ...['InitiateLayerUpload', 'PutImage', 'UploadLayerPart'],
            ].map((action) => `ecr:${action}`),
            ['arn:aws:ecr:*:*:repository/wealist-*'],
          ),
        ]),
      },
    ],
  })
  makeBoundary(vpc)
  const rights = Object.entries(rightsOfPreviews(domain, boundaryArn()))
  const preview = new aws.iam.Role('PreviewRole', {
    // The nightly sweep runs on main.
    assumeRolePolicy: trust(['pull_request', 'ref:refs/heads/main']),
    maxSessionDuration: 7200,
    inlinePolicies: rights.map(([name, statements]) => ({ name, policy: policy(statements) })),
  })
  return { release: release.arn, preview: preview.arn }
}
