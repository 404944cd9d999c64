import { escapeXml, S3Error } from './s3-error.ts'
import type { Store } from './s3-store.ts'

const xml = (name: string, inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${name}>`

/** ListObjectsV2: by prefix, with pages and common prefixes. */
export const listObjects = (store: Store, bucket: string, query: URLSearchParams) => {
  if (query.get('list-type') !== '2')
    throw new S3Error(501, 'NotImplemented', 'This stand-in lists by ListObjectsV2 only.')
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const most = Math.min(Number(query.get('max-keys') ?? 1000), 1000)
  const contents: string[] = []
  const folders = new Set<string>()
  let last = ''
  let truncated = false
  for (const { key, size, etag, modified } of store.list(bucket)) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue
    const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    const folder = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    if (folder !== undefined && (folders.has(folder) || folder === after)) continue
    if (contents.length + folders.size >= most) {
      truncated = true
      break
    }
    if (folder === undefined)
      contents.push(
        `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
      )
    else folders.add(folder)
    last = key
  }
  const next = truncated ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : ''
  const common = [...folders].map((f) => `<CommonPrefixes><Prefix>${escapeXml(f)}</Prefix></CommonPrefixes>`).join('')
  return xml(
    'ListBucketResult',
    `<Name>${bucket}</Name><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${contents.length + folders.size}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${truncated}</IsTruncated>${next}${contents.join('')}${common}`,
  )
}

const unescape = (s: string) =>
  s.replace(/&(#x?[\da-f]+|lt|gt|amp|quot|apos);/gi, (_, e: string) => {
    if (e.startsWith('#')) return String.fromCodePoint(Number(e[1] === 'x' ? `0${e.slice(1)}` : e.slice(1)))
    return { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[e.toLowerCase()]!
  })

/** DeleteObjects: at most 1,000; what is not there is deleted too. */
export const deleteMany = async (store: Store, bucket: string, body: string) => {
  const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((m) => unescape(m[1]!))
  if (keys.length === 0 || keys.length > 1000) throw new S3Error(400, 'MalformedXML', 'One to 1,000 keys.')
  for (const key of keys) await store.remove(bucket, key)
  const quiet = /<Quiet>true<\/Quiet>/.test(body)
  return xml('DeleteResult', quiet ? '' : keys.map((key) => `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`).join(''))
}
