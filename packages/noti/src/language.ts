import { Language } from '@wealist/contract/noti/stream'

const languages = Language.options

/** The first of our languages that `Accept-Language` asks for (RFC 9110, 12.5.4); English where it asks for none of them. */
export const languageOf = (header: string | undefined): Language => {
  const wanted = (header ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      const q = parameters.find((p) => p.startsWith('q='))
      return { tag: tag.split('-')[0], q: q === undefined ? 1 : Number(q.slice(2)) }
    })
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q)
  for (const { tag } of wanted) {
    const found = languages.find((language) => language === tag)
    if (found) return found
  }
  return 'en'
}
