import { ofType, type Resource } from './resources.ts'

export interface Statement {
  effect: string
  actions: string[]
  resources: string[]
  conditions?: { test: string; variable: string; values: string[] }[]
}

/** What the role of a function may do, besides writing its log and being in the network. */
export const rightsOf = (resources: Resource[], fn: string): Statement[] => {
  const role = ofType(resources, 'aws:iam/role:Role').find(({ name }) => name === `${fn}Role`)
  const policies = (role?.inputs['inlinePolicies'] ?? []) as { policy: string }[]
  return policies.flatMap(({ policy }) => (JSON.parse(policy) as { Statement: Statement[] }).Statement)
}

/** Every action with the one thing it is allowed on, sorted. */
export const flat = (statements: Statement[]) =>
  statements.flatMap(({ actions, resources }) => resources.flatMap((r) => actions.map((a) => `${a} ${r}`))).toSorted()
