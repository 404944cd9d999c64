import { allow, policy } from './policy.ts'
import { boundaryArn, makeBoundary } from './preview-boundary.ts'
import { rightsOfPreviews } from './preview-rights.ts'

const issuer = 'token.actions.githubusercontent.com'

/**
 * Whose workflows may come in, as GitHub writes it into a token's subject: names with their ids, which are nobody else's
 * after the names are. The variables are those that GitHub's own runners have.
 */
export const repositoryOf = () => {
  const {
    GITHUB_REPOSITORY = 'wealist/wealist',
    GITHUB_REPOSITORY_OWNER_ID = '',
    GITHUB_REPOSITORY_ID = '',
  } = process.env
  if (![GITHUB_REPOSITORY_OWNER_ID, GITHUB_REPOSITORY_ID].every((id) => /^\d+$/.test(id)))
    throw new Error(
      `The stage dev needs GITHUB_REPOSITORY_OWNER_ID and GITHUB_REPOSITORY_ID: gh api repos/${GITHUB_REPOSITORY} --jq '.owner.id, .id' tells both.`,
    )
  const [owner, name] = GITHUB_REPOSITORY.split('/')
  return `${owner}@${GITHUB_REPOSITORY_OWNER_ID}/${name}@${GITHUB_REPOSITORY_ID}`
}

/**
 * Roles that GitHub's workflows take by OpenID Connect, in dev's hands: no key is kept anywhere. A release pushes images; a
 * preview makes and removes stages called `pr-…`, with rights on what they are made of and no others.
 */
export const makeGithubRoles = (vpc: sst.aws.Vpc, domain: string, repository: string) => {
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
              StringEquals: {
                [`${issuer}:aud`]: 'sts.amazonaws.com',
                [`${issuer}:sub`]: subjects.map((subject) => `repo:${repository}:${subject}`),
              },
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
