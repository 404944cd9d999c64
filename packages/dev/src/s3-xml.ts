import { escapeXml, notImplemented, S3Error } from './s3-error.ts'
import type { Store, Stored } from './s3-store.ts'

export const xml = (name: string, inner: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${name}>`
export const element = (name: string, value: string | number | boolean) =>
  `<${name}>${escapeXml(String(value))}</${name}>`

/** ListObjectsV2: by prefix, with pages and common prefixes. A page goes on after the last key or prefix before it. */
export const listObjects = (store: Store, bucket: string, query: URLSearchParams) => {
  if (query.get('list-type') !== '2') throw notImplemented('listing but by ListObjectsV2')
  const most = Number(query.get('max-keys') ?? 1000)
  if (!Number.isInteger(most) || most < 0)
    throw new S3Error(400, 'InvalidArgument', 'max-keys must be a whole number, 0 or more.')
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const contents: string[] = []
  const folders = new Set<string>()
  let last: string | undefined
  let truncated = false
  for (const { key, size, etag, modified } of store.list(bucket)) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue
    const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    const folder = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
    if (folder !== undefined && (folders.has(folder) || folder === after)) continue
    if (contents.length + folders.size >= Math.min(most, 1000)) {
      truncated = most > 0
      break
    }
    last = folder ?? key
    if (folder !== undefined) folders.add(folder)
    else
      contents.push(
        `<Contents>${element('Key', key)}${element('LastModified', modified)}${element('ETag', etag)}${element('Size', size)}<StorageClass>STANDARD</StorageClass></Contents>`,
      )
  }
  return xml(
    'ListBucketResult',
    [
      element('Name', bucket),
      element('Prefix', prefix),
      element('KeyCount', contents.length + folders.size),
      element('MaxKeys', most),
      element('IsTruncated', truncated),
      ...(truncated && last !== undefined ? [element('NextContinuationToken', last)] : []),
      ...contents,
      ...[...folders].map((folder) => `<CommonPrefixes>${element('Prefix', folder)}</CommonPrefixes>`),
    ].join(''),
  )
}

export const copied = ({ etag, modified }: Stored) =>
  xml('CopyObjectResult', element('LastModified', modified) + element('ETag', etag))

export const posted = ({ location, bucket, stored }: { location: string; bucket: string; stored: Stored }) =>
  xml(
    'PostResponse',
    element('Location', location) +
      element('Bucket', bucket) +
      element('Key', stored.key) +
      element('ETag', stored.etag),
  )

const unescape = (s: string) =>
  s.replace(/&(#x?[\da-f]+|lt|gt|amp|quot|apos);/gi, (_, e: string) => {
    if (e.startsWith('#')) return String.fromCodePoint(Number(e[1] === 'x' ? `0${e.slice(1)}` : e.slice(1)))
    return { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[e.toLowerCase()]!
  })

/** DeleteObjects: at most 1,000; what is not there is deleted too. */
export const deleteMany = (store: Store, bucket: string, body: string) => {
  const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((m) => unescape(m[1]!))
  if (keys.length === 0 || keys.length > 1000) throw new S3Error(400, 'MalformedXML', 'One to 1,000 keys.')
  for (const key of keys) store.remove(bucket, key)
  const quiet = /<Quiet>true<\/Quiet>/.test(body)
  return xml('DeleteResult', quiet ? '' : keys.map((key) => `<Deleted>${element('Key', key)}</Deleted>`).join(''))
}
