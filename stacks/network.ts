import { networkParameter, type Stage } from './stage.ts'

/** Where functions run: private, with a way out. */
export interface Network {
  privateSubnets: $util.Input<string[]>
  securityGroups: $util.Input<string[]>
}

/**
 * The network of dev or prod. Three zones; prod has managed gateways, dev small instances and a
 * bastion by which `sst tunnel` reaches its servers.
 */
export const makeNetwork = ({ kept }: Stage) => {
  const vpc = new sst.aws.Vpc('Network', { az: 3, nat: kept ? 'managed' : 'ec2', bastion: !kept })
  // Files and the layers of images come by this door, which costs nothing; by the others each gigabyte does.
  new aws.ec2.VpcEndpoint('S3Door', {
    vpcId: vpc.id,
    serviceName: $interpolate`com.amazonaws.${aws.getRegionOutput().region}.s3`,
    routeTableIds: vpc.nodes.privateRouteTables.apply((tables) => tables.map(({ id }) => id)),
  })
  return vpc
}

/** Tells previews where dev's network is. */
export const tellNetwork = (vpc: sst.aws.Vpc) =>
  new aws.ssm.Parameter('NetworkParameter', {
    name: networkParameter,
    type: 'String',
    value: $jsonStringify({ privateSubnets: vpc.privateSubnets, securityGroups: vpc.securityGroups }),
  })

/** dev's network, as a preview finds it. */
export const devNetwork = (): Network => {
  const told = $jsonParse(aws.ssm.getParameterOutput({ name: networkParameter }).value).apply((v) => v as Told)
  return { privateSubnets: told.privateSubnets, securityGroups: told.securityGroups }
}

interface Told {
  privateSubnets: string[]
  securityGroups: string[]
}
