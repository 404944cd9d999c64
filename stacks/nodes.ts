/** Nodes of the cluster: how large one is, how many there are at first, and between how many the Cluster Autoscaler may choose. */
export const nodes = {
  dev: { type: 't4g.large', cpus: 2, memory: 8, least: 3, desired: 4, most: 6 },
  prod: { type: 'm7g.large', cpus: 2, memory: 8, least: 4, desired: 6, most: 12 },
}
