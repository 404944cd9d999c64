import type { FileKind } from '@wealist/contract/storage/files'
import { fileTypeFromBuffer } from 'file-type'

const documents =
  /^(text\/|application\/(pdf|rtf|json|xml|msword|vnd\.(ms-|openxmlformats|oasis|hancom)|x-hwp|haansofthwp|epub))/
const archives = /^application\/(zip|gzip|x-(7z|rar|tar|bzip2|xz|gzip|zip)|vnd\.rar|zstd|java-archive)/

/** What a file is to people. */
export const kindOf = (mimeType: string): FileKind => {
  if (mimeType.startsWith('image/')) return 'image'
  if (mimeType.startsWith('video/')) return 'video'
  if (mimeType.startsWith('audio/')) return 'audio'
  if (documents.test(mimeType)) return 'document'
  return archives.test(mimeType) ? 'archive' : 'other'
}

/** What content is known by without doubt: a file of such a type that does not begin like one is none. */
const alwaysKnown = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'application/zip',
])
const containers = new Set(['application/zip', 'application/x-cfb', 'application/xml'])

/**
 * What is wrong with a file that is said to be of a type, by its beginning (4,100 bytes are enough); undefined where it
 * may be so. Bytes that are no known format can be any text, and `application/octet-stream` promises nothing.
 */
export const faultOf = async (mimeType: string, start: Uint8Array): Promise<string | undefined> => {
  if (mimeType === 'application/octet-stream') return undefined
  const found = await fileTypeFromBuffer(start)
  if (!found) return alwaysKnown.has(mimeType) ? `does not begin like ${mimeType}` : undefined
  if (mimeType === found.mime) return undefined
  const [said, is] = [mimeType.split('/')[0]!, found.mime.split('/')[0]!]
  // Office files, e-books and packages are zips or XML inside; sound and film share their containers.
  if (containers.has(found.mime) && (said === 'application' || (found.mime === 'application/xml' && said !== 'video')))
    return undefined
  if (said === is && (said === 'audio' || said === 'video' || said === 'application')) return undefined
  if ([said, is].every((t) => t === 'audio' || t === 'video')) return undefined
  return `is ${found.mime}, not ${mimeType}`
}
