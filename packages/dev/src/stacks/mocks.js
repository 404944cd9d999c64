const account = '000000000000'
const region = 'ap-northeast-2'
const arn = (service, what) => `arn:aws:${service}:${region}:${account}:${what}`

/** What AWS would say of a resource once it is there, as far as the program reads it. */
export const computed = (type, name, inputs) => {
  const named = inputs.name ?? `wealist-${name}`
  const known = {
    'aws:lambda/function:Function': () => ({
      name: named,
      arn: arn('lambda', `function:${name}`),
      qualifiedArn: arn('lambda', `function:${name}:1`),
      invokeArn: arn('apigateway', `lambda:path/functions/${name}/invocations`),
      version: '1',
    }),
    'aws:lambda/functionUrl:FunctionUrl': () => ({
      functionUrl: `https://${name.toLowerCase()}.lambda-url.aws.example/`,
    }),
    'aws:apigatewayv2/api:Api': () => ({
      apiEndpoint: `${inputs.protocolType === 'WEBSOCKET' ? 'wss' : 'https'}://${name.toLowerCase()}.execute-api.example`,
      executionArn: arn('execute-api', name.toLowerCase()),
      arn: arn('apigateway', `/apis/${name}`),
    }),
    'aws:cloudfront/distribution:Distribution': () => ({
      domainName: `${name.toLowerCase()}.cloudfront.example`,
      arn: `arn:aws:cloudfront::${account}:distribution/${name}`,
      hostedZoneId: 'Z000',
    }),
    'aws:cloudfront/keyValueStore:KeyValueStore': () => ({ arn: `arn:aws:cloudfront::${account}:kv/${name}` }),
    'aws:cloudfront/function:Function': () => ({ arn: `arn:aws:cloudfront::${account}:function/${name}` }),
    'aws:s3/bucket:Bucket': () => ({
      bucket: `wealist-${name.toLowerCase()}`,
      arn: `arn:aws:s3:::wealist-${name.toLowerCase()}`,
      bucketRegionalDomainName: `wealist-${name.toLowerCase()}.s3.${region}.amazonaws.com`,
    }),
    'aws:s3/bucketV2:BucketV2': () => known['aws:s3/bucket:Bucket'](),
    'aws:iam/role:Role': () => ({ arn: `arn:aws:iam::${account}:role/${name}`, name: named }),
    'aws:secretsmanager/secret:Secret': () => ({ arn: arn('secretsmanager', `secret:${named}`) }),
    'aws:cloudwatch/logGroup:LogGroup': () => ({ arn: arn('logs', `log-group:${named}`) }),
    'aws:rds/instance:Instance': () => ({
      identifier: 'postgres',
      address: 'postgres.internal',
      endpoint: 'postgres.internal:5432',
      port: 5432,
    }),
    'aws:elasticache/replicationGroup:ReplicationGroup': () => ({
      primaryEndpointAddress: 'redis.internal',
      configurationEndpointAddress: 'redis.internal',
      port: 6379,
    }),
    'random:index/randomPassword:RandomPassword': () => ({ result: `password-of-${name}` }),
    'random:index/randomBytes:RandomBytes': () => ({ base64: 'a2V5', hex: '6b6579' }),
    'aws:eks/cluster:Cluster': () => ({ arn: arn('eks', `cluster/${inputs.name}`) }),
    'aws:acm/certificate:Certificate': () => ({
      arn: arn('acm', `certificate/${name}`),
      domainValidationOptions: [
        {
          domainName: inputs.domainName,
          resourceRecordName: '_a',
          resourceRecordType: 'CNAME',
          resourceRecordValue: 'b',
        },
      ],
    }),
    // Once an account, by whatever was deployed there first.
    'aws:apigateway/account:Account': () => ({ cloudwatchRoleArn: `arn:aws:iam::${account}:role/api-gateway-logs` }),
    'aws:lambda/invocation:Invocation': () => ({ result: '{}' }),
  }
  return known[type]?.() ?? { arn: arn('any', name) }
}

/** What AWS answers when the program asks for what is there. */
export const dataSource = (token, inputs) => {
  const known = {
    'aws:index/getPartition:getPartition': () => ({ partition: 'aws', dnsSuffix: 'amazonaws.com' }),
    'aws:index/getRegion:getRegion': () => ({ region, name: region, id: region }),
    'aws:index/getCallerIdentity:getCallerIdentity': () => ({ accountId: account, arn: arn('iam', 'root') }),
    'aws:index/getAvailabilityZones:getAvailabilityZones': () => ({
      names: ['a', 'b', 'c', 'd'].map((zone) => region + zone),
      zoneIds: ['1', '2', '3', '4'],
    }),
    // The very document, so that tests can read who may do what.
    'aws:iam/getPolicyDocument:getPolicyDocument': () => ({
      ...inputs,
      json: JSON.stringify({ Statement: inputs.statements ?? [] }),
    }),
    'aws:ssm/getParameter:getParameter': () => ({
      value: inputs.name.startsWith('/wealist/')
        ? JSON.stringify({ privateSubnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'] })
        : 'ami-1',
      arn: arn('ssm', `parameter${inputs.name}`),
    }),
    'aws:secretsmanager/getSecretVersion:getSecretVersion': () => ({
      arn: arn('secretsmanager', `secret:${inputs.secretId}`),
      secretString: JSON.stringify({
        DATABASE_URL: 'postgres://postgres:secret@postgres.internal:5432/postgres?sslmode=verify-full',
        REDIS_URL: 'rediss://default:secret@redis.internal:6379',
      }),
    }),
    'aws:ec2/getAmi:getAmi': () => ({ id: 'ami-1' }),
    'aws:route53/getZone:getZone': () => ({ zoneId: 'Z1', id: 'Z1', name: inputs.name }),
  }
  return known[token]?.() ?? inputs
}
