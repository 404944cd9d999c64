import { useSyncExternalStore } from 'react'

let lost = false
const listeners = new Set<() => void>()

/** Told by every request whether weAlist could be reached at all. */
export const reached = (yes: boolean) => {
  if (lost !== yes) return
  lost = !yes
  for (const listener of listeners) listener()
}

export const useLost = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => lost,
  )
