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
export const makeNetwork = ({ kept }: Stage) =>
  new sst.aws.Vpc('Network', { az: 3, nat: kept ? 'managed' : 'ec2', bastion: !kept })

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
