import type { ServiceName } from '@wealist/contract/topology'

/** One more, and all of them are new with the next deployment: k8s/runbook.md says what is done then. */
export const rounds = { internalKeys: 1, passwords: 1 }

/**
 * Names of the key that callers of a service show in a round, and of those that it takes: the one before and the one after
 * as well, so that pods of two rounds understand each other, whichever was started anew first.
 */
export const internalKeys = (service: ServiceName, round: number) => {
  const name = (n: number) => `InternalKey-${service}-${n}`
  return { shown: name(round), taken: [round + 1, round, round - 1].map(name) }
}
