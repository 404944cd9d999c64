import type { Asked } from './iam.ts'
import { ofType, type Resource } from './resources.ts'

const account = '000000000000'
const arn = (service: string, what: string) => `arn:aws:${service}:ap-northeast-2:${account}:${what}`

/** ARNs with the names that things have in AWS, where the mock names them as the program does. */
export const namedAsInAws = (resources: Resource[]) => {
  const physical = new Map(
    ofType(resources, 'aws:lambda/function:Function').map(({ name, inputs }) => [name, inputs['name'] as string]),
  )
  const buckets = ofType(resources, 'aws:s3/bucket:Bucket').map(({ name, inputs }) => [
    `wealist-${name.toLowerCase()}`,
    inputs['bucket'] as string,
  ])
  return (text: string) => {
    const named = text
      .replace(/function:(\w+)/, (_, name: string) => `function:${physical.get(name) ?? name}`)
      .replace(/(:secret:.+)$/, '$1-AbCdEf')
    return buckets.reduce((so, [mock, real]) => so.replace(mock!, real!), named)
  }
}

/** What one must be allowed to do to make a thing, by its type; a type that is not here nobody has thought of. */
export const toMake = ({ type, inputs }: Resource, named: (text: string) => string, boundary: string): Asked => {
  const to = (action: string, on = '*', knowing: Asked['knowing'] = {}): Asked => ({ action, on, knowing })
  const called = String(inputs['name'] ?? inputs['functionName'] ?? inputs['function'])
  const fn = named(arn('lambda', `function:${called.split(':').at(-1)}`))
  const bucket = named(`arn:aws:s3:::${inputs['bucket']}`)
  const api = 'arn:aws:apigateway:ap-northeast-2::/apis'
  const kinds: Record<string, () => Asked> = {
    'lambda/function': () => to('lambda:CreateFunction', fn),
    'lambda/functionUrl': () => to('lambda:CreateFunctionUrlConfig', fn),
    'lambda/permission': () => to('lambda:AddPermission', fn),
    'lambda/invocation': () => to('lambda:InvokeFunction', fn),
    's3/bucket': () => to('s3:CreateBucket', bucket),
    's3/bucketObjectv2': () => to('s3:PutObject', `arn:aws:s3:::sst-asset-abc/${inputs['key']}`),
    's3/bucketPolicy': () => to('s3:PutBucketPolicy', bucket),
    's3/bucketCorsConfiguration': () => to('s3:PutBucketCORS', bucket),
    's3/bucketLifecycleConfiguration': () => to('s3:PutLifecycleConfiguration', bucket),
    's3/bucketPublicAccessBlock': () => to('s3:PutBucketPublicAccessBlock', bucket),
    'secretsmanager/secret': () =>
      to('secretsmanager:CreateSecret', arn('secretsmanager', `secret:${inputs['name']}-AbCdEf`)),
    'secretsmanager/secretVersion': () =>
      to('secretsmanager:PutSecretValue', arn('secretsmanager', 'secret:wealist/pr-7/board-AbCdEf')),
    'iam/role': () =>
      to('iam:CreateRole', `arn:aws:iam::${account}:role/${inputs['name']}`, {
        'iam:PermissionsBoundary': (inputs['permissionsBoundary'] as string | undefined) === boundary ? boundary : [],
      }),
    'scheduler/schedule': () => to('scheduler:CreateSchedule', arn('scheduler', `schedule/default/${inputs['name']}`)),
    'cloudwatch/logGroup': () => to('logs:CreateLogGroup', arn('logs', `log-group:${inputs['name']}`)),
    'apigatewayv2/api': () => to('apigateway:POST', api),
    'apigatewayv2/stage': () => to('apigateway:POST', `${api}/id/stages`),
    'apigatewayv2/route': () => to('apigateway:POST', `${api}/id/routes`),
    'apigatewayv2/integration': () => to('apigateway:POST', `${api}/id/integrations`),
    'cloudfront/distribution': () => to('cloudfront:CreateDistribution'),
    'cloudfront/cachePolicy': () => to('cloudfront:CreateCachePolicy'),
    'cloudfront/keyValueStore': () => to('cloudfront:CreateKeyValueStore'),
    'cloudfront/function': () =>
      to('cloudfront:CreateFunction', `arn:aws:cloudfront::${account}:function/${inputs['name']}`),
    'acm/certificate': () => to('acm:RequestCertificate'),
    'acm/certificateValidation': () => to('acm:DescribeCertificate'),
    'route53/record': () =>
      to('route53:ChangeResourceRecordSets', 'arn:aws:route53:::hostedzone/Z1', {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames':
          inputs['name'] === '_a' ? '_a.pr-7.wealist.example' : inputs['name'],
      }),
  }
  const kind = kinds[type.replace(/^aws:(.+):\w+$/, '$1')]
  if (!kind) throw new Error(`What may a preview's role have to do to make ${type}?`)
  return kind()
}
