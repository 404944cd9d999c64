import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { notImplemented, S3Error } from './s3-error.ts'

/** What a body turned out to be. `md5` and `sha256` are hex, checksums base64, as S3 writes them. */
export interface Measured {
  size: number
  md5: string
  sha256: string
  checksums: Record<string, string>
}

/** Measures a body piece by piece. */
export const measuring = () => {
  const [md5, sha256, sha1] = [createHash('md5'), createHash('sha256'), createHash('sha1')]
  let size = 0
  let crc = 0
  return {
    /** Returns the size so far. */
    add: (piece: Uint8Array) => {
      for (const hash of [md5, sha256, sha1]) hash.update(piece)
      crc = crc32(piece, crc)
      return (size += piece.length)
    },
    done: (): Measured => {
      const digest = sha256.digest()
      const crcBytes = Buffer.alloc(4)
      crcBytes.writeUInt32BE(crc)
      return {
        size,
        md5: md5.digest('hex'),
        sha256: digest.toString('hex'),
        checksums: {
          crc32: crcBytes.toString('base64'),
          sha1: sha1.digest('base64'),
          sha256: digest.toString('base64'),
        },
      }
    },
  }
}

const checksum = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/

/**
 * Compares Content-MD5 and the checksums that came along with what came. Returns those checksums, which S3 keeps with
 * the object.
 */
export const checkSums = (body: Measured, said: Record<string, string | undefined>) => {
  const md5 = said['content-md5']
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== body.md5)
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(said)) {
    const algorithm = checksum.exec(name)?.[1]
    if (!algorithm || value === undefined) continue
    if (!(algorithm in body.checksums)) throw notImplemented(algorithm)
    if (body.checksums[algorithm] !== value)
      throw new S3Error(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
    kept[name] = value
  }
  return kept
}
