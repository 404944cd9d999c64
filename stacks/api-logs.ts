import { managed, trusting } from './roles.ts'

/**
 * As whom API Gateway writes logs, once an account and region, in dev's hands. Where nobody has said, SST makes a role of its
 * own in whatever stage comes first, and a preview may make none by that name.
 */
export const makeApiLogs = () => {
  const role = new aws.iam.Role('ApiLogsRole', {
    assumeRolePolicy: trusting('apigateway.amazonaws.com'),
    managedPolicyArns: [managed('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
  })
  new aws.apigateway.Account('ApiLogs', { cloudwatchRoleArn: role.arn })
}
