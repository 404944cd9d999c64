import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from './s3-error.ts'
import { chunkSignature, equal, type Signed } from './s3-signature.ts'
import type { Received } from './s3-store.ts'

const broken = () => new S3Error(400, 'IncompleteBody', 'The body is not what its chunks say.')

/** The body of a request, out of the chunks that the SDK wraps a stream in (aws-chunked). Trailers go into `trailers`. */
export async function* bodyOf(
  request: IncomingMessage,
  signed: Signed,
  trailers: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  const kind = request.headers['x-amz-content-sha256']?.toString() ?? ''
  if (!kind.startsWith('STREAMING-')) {
    for await (const chunk of request) yield chunk as Buffer
    return
  }
  const source = request[Symbol.asyncIterator]()
  let rest = Buffer.alloc(0)
  const more = async () => {
    const { value, done } = (await source.next()) as { value?: Buffer; done?: boolean }
    if (done || !value) return false
    rest = Buffer.concat([rest, value])
    return true
  }
  const line = async () => {
    let at = rest.indexOf('\r\n')
    for (; at < 0; at = rest.indexOf('\r\n')) if (rest.length > 16_384 || !(await more())) throw broken()
    const text = rest.subarray(0, at).toString()
    rest = rest.subarray(at + 2)
    return text
  }
  let before = signed.signature
  for (;;) {
    const [length, ...extensions] = (await line()).split(';')
    const size = Number.parseInt(length ?? '', 16)
    if (!(size >= 0)) throw broken()
    const hash = createHash('sha256')
    for (let left = size; left > 0;) {
      if (rest.length === 0 && !(await more())) throw broken()
      const piece = rest.subarray(0, left)
      hash.update(piece)
      left -= piece.length
      rest = rest.subarray(piece.length)
      yield piece
    }
    if (kind.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')) {
      const claimed = extensions.find((e) => e.startsWith('chunk-signature='))?.slice('chunk-signature='.length) ?? ''
      before = chunkSignature(signed, before, hash.digest('hex'))
      if (!equal(before, claimed))
        throw new S3Error(403, 'SignatureDoesNotMatch', 'A chunk’s signature does not match.')
    }
    if (size === 0) break
    if ((await line()) !== '') throw broken()
  }
  for (let text = await line(); text !== ''; text = await line()) {
    const at = text.indexOf(':')
    trailers[text.slice(0, at).toLowerCase()] = text.slice(at + 1).trim()
  }
}

const known = ['crc32', 'sha256', 'sha1'] as const

/** Compares what came with what was said to come: content hash, length, MD5 and checksums. */
export const check = (received: Received, headers: Record<string, string | undefined>) => {
  const hash = headers['x-amz-content-sha256']
  if (hash && /^[0-9a-f]{64}$/.test(hash) && hash !== received.sha256)
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The content is not what was signed.')
  const length =
    headers['x-amz-decoded-content-length'] ??
    (headers['content-encoding'] === 'aws-chunked' ? undefined : headers['content-length'])
  if (length !== undefined && Number(length) !== received.size) throw broken()
  const md5 = headers['content-md5']
  if (md5 && Buffer.from(md5, 'base64').toString('hex') !== received.md5)
    throw new S3Error(400, 'BadDigest', 'Content-MD5 does not match.')
  for (const [name, value] of Object.entries(headers)) {
    const algorithm = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.exec(name)?.[1]
    if (!algorithm || value === undefined) continue
    const kind = known.find((k) => k === algorithm)
    if (!kind) throw new S3Error(501, 'NotImplemented', `This stand-in does not know ${algorithm}.`)
    if (received.checksums[kind] !== value)
      throw new S3Error(400, 'BadDigest', `The ${algorithm} does not match the content.`)
  }
}
