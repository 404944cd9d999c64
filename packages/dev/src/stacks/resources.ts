/** A resource as the program declares it. */
export interface Resource {
  type: string
  name: string
  urn: string
  parent: string
  /** What it is given; what only AWS knows is the mock's. */
  inputs: Record<string, any>
  /** Names of inputs that Pulumi keeps encrypted. */
  secret: string[]
  protect: boolean
  retainOnDelete: boolean
  /** URNs. */
  dependsOn: string[]
  /** Inputs that a deployment leaves as they are once it is there. */
  ignoreChanges: string[]
}

export const ofType = (resources: Resource[], type: string) => resources.filter((r) => r.type === type)
