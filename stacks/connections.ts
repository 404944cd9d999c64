import { withDatabase } from '@wealist/contract/topology'

/** Memory of the database's instance in GiB, which decides how many connections it takes. */
export const instances = { dev: { class: 't4g.large', memory: 8 }, prod: { class: 'm7g.large', memory: 8 } }

/**
 * Connections that the role of one service may have: of a preview however many instances there are; on the cluster what its
 * most pods open, and one more of them while versions change.
 */
export const perService = { preview: 5, dev: 70, prod: 130 }
/** Previews that may be there at once. */
export const mostPreviews = 6
/** Whoever migrates, and a person who looks after it. */
const administrators = 4

/** What a stage can have open at most. */
export const shareOf = (of: keyof typeof perService) => withDatabase.length * perService[of] + administrators

/**
 * What an instance of RDS takes, by https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html: its memory by
 * 9,531,392 bytes, where the system has taken its tenth; 3 are kept for superusers.
 */
export const room = (of: keyof typeof instances) => Math.floor((instances[of].memory * 0.9 * 1024 ** 3) / 9_531_392) - 3
