import { allow, deny } from './policy.ts'
import { dev, networkParameter, secretOf } from './stage.ts'

/** How all is called that a stage `pr-…` has by name. */
const own = 'wealist-pr-*'
const parameters = (...names: string[]) => names.map((name) => `arn:aws:ssm:*:*:parameter${name}`)
const secrets = (name: string) => [`arn:aws:secretsmanager:*:*:secret:${name}`]
const roles = [`arn:aws:iam::*:role/${own}`]

/** A preview is made of these, each under its own name where it has one; what has none is told apart by its tag, below. */
const parts = (domain: string) => [
  allow(['lambda:*'], [`arn:aws:lambda:*:*:function:${own}`]),
  allow(['s3:*'], [`arn:aws:s3:::${own}`]),
  allow(['secretsmanager:*'], secrets('wealist/pr-*')),
  // By the names of secrets the sweep knows which previews there are; IAM lets one list all of them or none.
  allow(['secretsmanager:ListSecrets']),
  allow(['scheduler:*'], [`arn:aws:scheduler:*:*:schedule/*/${own}`]),
  allow(
    ['logs:*'],
    ['/aws/lambda/', '/aws/vendedlogs/apis/'].map((group) => `arn:aws:logs:*:*:log-group:${group}${own}`),
  ),
  allow([
    'logs:DescribeLogGroups',
    'logs:*LogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:DescribeResourcePolicies',
  ]),
  allow(['apigateway:*', 'cloudfront:*', 'cloudfront-keyvaluestore:*', 'acm:*']),
  allow(['route53:Get*', 'route53:List*', 'ec2:Describe*']),
  allow(['route53:ChangeResourceRecordSets'], ['arn:aws:route53:::hostedzone/*'], {
    'ForAllValues:StringLike': {
      'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`pr-*.${domain}`, `_*.pr-*.${domain}`],
    },
  }),
]

/** What it finds in dev, and what SST keeps for it: its state, the passphrase of that, and the bundles of functions. */
const found = [
  allow(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], secrets(`${secretOf(dev, 'data')}-*`)),
  allow(['ssm:GetParameter*'], parameters(networkParameter, '/sst/bootstrap', '/sst/passphrase/wealist/_fallback')),
  allow(['ssm:GetParameter*', 'ssm:PutParameter'], parameters('/sst/passphrase/wealist/pr-*')),
  allow(['s3:ListBucket*', 's3:GetBucket*'], ['arn:aws:s3:::sst-state-*', 'arn:aws:s3:::sst-asset-*']),
  allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], ['arn:aws:s3:::sst-state-*/*/wealist/pr-*']),
  allow(['s3:GetObject'], ['arn:aws:s3:::sst-state-*/secret/wealist/_fallback.json']),
  allow(['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject*'], ['arn:aws:s3:::sst-asset-*/*']),
]

/** Roles of its functions and schedules: within the boundary or not at all, and passed on to nothing else. */
const bound = (boundary: $util.Input<string>) => [
  allow(
    [
      ...['iam:CreateRole', 'iam:PutRolePermissionsBoundary', 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      ...['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
    ],
    roles,
    { StringEquals: { 'iam:PermissionsBoundary': boundary } },
  ),
  allow(
    [
      ...['iam:GetRole*', 'iam:ListRole*', 'iam:ListAttachedRolePolicies', 'iam:ListInstanceProfilesForRole'],
      ...['iam:DeleteRole', 'iam:UpdateRole*', 'iam:UpdateAssumeRolePolicy', 'iam:TagRole', 'iam:UntagRole'],
    ],
    roles,
  ),
  allow(['iam:PassRole'], roles, {
    StringEquals: { 'iam:PassedToService': ['lambda.amazonaws.com', 'scheduler.amazonaws.com'] },
  }),
  allow(['iam:CreateServiceLinkedRole'], ['arn:aws:iam::*:role/aws-service-role/*']),
  deny(['iam:DeleteRolePermissionsBoundary']),
  deny(['iam:*'], [boundary]),
]

/** Said outright, so that it holds whatever else the role is given one day. */
const never = [
  // SST puts the stage's name on all that bears tags.
  deny(['*'], ['*'], { StringEquals: { 'aws:ResourceTag/sst:stage': 'prod' } }),
  deny(['acm:*', 'cloudfront:*'], ['*'], { StringEquals: { 'aws:ResourceTag/sst:stage': 'dev' } }),
  deny(['apigateway:PATCH'], ['arn:aws:apigateway:*::/account']),
  deny(
    ['*'],
    [
      ...parameters('/sst/passphrase/wealist/dev', '/sst/passphrase/wealist/prod'),
      ...['dev', 'prod'].flatMap((stage) => [
        `arn:aws:s3:::sst-state-*/wealist/${stage}.json`,
        `arn:aws:s3:::sst-state-*/wealist/${stage}/*`,
        `arn:aws:s3:::wealist-${stage}-*`,
        `arn:aws:cloudfront::*:function/wealist-${stage}-*`,
      ]),
      ...secrets('wealist/prod/*'),
      ...[
        'rds:*:*:db:*',
        'eks:*:*:cluster/*',
        'elasticache:*:*:replicationgroup:*',
        'ecr:*:*:repository/wealist-*',
      ].map((what) => `arn:aws:${what}`),
    ],
  ),
]

/**
 * What GitHub's workflow may do to deploy and remove previews. One thing IAM cannot tell apart: CloudFront's stores of keys, its
 * cache policies and access controls bear neither a name nor a tag in a request, be they a preview's or prod's.
 */
export const rightsOfPreviews = (domain: string, boundary: $util.Input<string>) => ({
  parts: [...parts(domain), ...found],
  roles: bound(boundary),
  never,
})
