/** Whose workflows may come in. */
const repository = process.env['GITHUB_REPOSITORY'] ?? 'wealist/wealist'
const issuer = 'token.actions.githubusercontent.com'

/**
 * Roles that GitHub's workflows take by OpenID Connect, in dev's hands: no key is kept anywhere. A release pushes images; a
 * preview makes and removes stages called `pr-…`, and may touch nothing of prod.
 */
export const makeGithubRoles = () => {
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
  const allow = (Action: string[], Resource: string[]) => ({ Effect: 'Allow', Action, Resource })
  const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
  const release = new aws.iam.Role('ReleaseRole', {
    assumeRolePolicy: trust(['environment:dev', 'environment:prod']),
    maxSessionDuration: 3600,
    inlinePolicies: [
      {
        name: 'push',
        policy: policy(
          allow(['ecr:GetAuthorizationToken'], ['*']),
          allow(
            [
              ...['BatchCheckLayerAvailability', 'BatchGetImage', 'CompleteLayerUpload', 'GetDownloadUrlForLayer'],
              ...['InitiateLayerUpload', 'PutImage', 'UploadLayerPart'],
            ].map((action) => `ecr:${action}`),
            ['arn:aws:ecr:*:*:repository/wealist-*'],
          ),
        ),
      },
    ],
  })
  const preview = new aws.iam.Role('PreviewRole', {
    // The nightly sweep runs on main.
    assumeRolePolicy: trust(['pull_request', 'ref:refs/heads/main']),
    maxSessionDuration: 7200,
    managedPolicyArns: ['arn:aws:iam::aws:policy/PowerUserAccess'],
    inlinePolicies: [
      {
        name: 'roles-of-previews',
        policy: policy(
          allow(['iam:*'], ['arn:aws:iam::*:role/wealist-pr-*']),
          allow(['iam:CreateServiceLinkedRole'], ['arn:aws:iam::*:role/aws-service-role/*']),
          {
            Effect: 'Deny',
            Action: ['secretsmanager:*', 's3:*', 'rds:*', 'eks:*', 'elasticache:*', 'ecr:*'],
            Resource: [
              'arn:aws:secretsmanager:*:*:secret:wealist/prod/*',
              'arn:aws:s3:::wealist-prod-*',
              'arn:aws:rds:*:*:db:*',
              'arn:aws:eks:*:*:cluster/*',
              'arn:aws:elasticache:*:*:replicationgroup:*',
              'arn:aws:ecr:*:*:repository/wealist-*',
            ],
          },
        ),
      },
    ],
  })
  return { release: release.arn, preview: preview.arn }
}
