/** Languages that Floodgate answers in. */
export type Language = 'en' | 'zh-CN'

/** A text of a definition: one for all languages, or one for each. */
type LocalText = string | { readonly en: string; readonly 'zh-CN': string }

// Browsers send a few hundred different headers at most; a client that makes them up must not grow the map.
const known = new Map<string, Language>()
const KNOWN_MAX = 1000

/** The language to answer in, by the Accept-Language header; English by default. */
export function pickLanguage(header: string | undefined): Language {
  if (header === undefined) return 'en'
  const before = known.get(header)
  if (before !== undefined) return before
  const language = parse(header)
  if (known.size >= KNOWN_MAX) known.clear()
  if (header.length <= 256) known.set(header, language)
  return language
}

function parse(header: string): Language {
  let best: Language = 'en'
  let bestWeight = 0
  for (const part of header.slice(0, 512).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const quality = parameters.find((text) => text.trim().startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.trim().slice(2))
    if (!(weight > bestWeight)) continue
    const primary = tag.trim().split('-')[0]
    if (primary !== 'zh' && primary !== 'en' && primary !== '*') continue
    best = primary === 'zh' ? 'zh-CN' : 'en'
    bestWeight = weight
  }
  return best
}

/** A text that may be there in one language alone: then that one is better than none. */
export function localiseAny(text: { readonly en?: string; readonly 'zh-CN'?: string }, language: Language): string {
  return text[language] ?? text.en ?? text['zh-CN'] ?? ''
}

/** A text of a definition in one language. */
export function localise(text: LocalText, language: Language): string {
  return typeof text === 'string' ? text : text[language]
}
