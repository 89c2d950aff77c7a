// The page's words: one typed dictionary per part, zh defines the type, en must satisfy it.
import { ref, watchEffect } from 'vue'
import type { WordsLike } from './like'
import { zh as sharedZh } from './zh'

export type Language = 'zh' | 'en'
export type { WordsLike }
type Values = Readonly<Record<string, string | number>>

const KEPT = 'dinetone.language'

function first(): Language {
  try {
    const kept = localStorage.getItem(KEPT)
    if (kept === 'zh' || kept === 'en') return kept
    return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
  } catch {
    return 'zh'
  }
}

/** The language of the page. Set it with `setLanguage`. */
export const language = ref<Language>(first())

/** English that comes when it is first wanted. */
const loaders: (() => Promise<void>)[] = []
/** The English of every part, for the shared words that come later. */
const parts: Record<string, string>[] = []
let shared: Record<string, string> = {}
/** Loads once; what failed is tried again when it is wanted again. */
function once(load: () => Promise<void>): () => Promise<void> {
  let loading: Promise<void> | undefined
  return () =>
    (loading ??= load().catch(() => {
      loading = undefined
    }))
}
loaders.push(
  once(async () => {
    shared = (await import('./en')).en
    for (const part of parts) for (const key in shared) part[key] ??= shared[key] ?? ''
  }),
)

/** Fetches what the language needs. A page that begins in English awaits it before it draws. */
export async function loadLanguage(wanted: Language = language.value): Promise<void> {
  if (wanted === 'en') await Promise.all(loaders.map((load) => load()))
}

export async function setLanguage(to: Language): Promise<void> {
  await loadLanguage(to)
  language.value = to
  try {
    localStorage.setItem(KEPT, to)
  } catch {
    // A page without storage asks again next time.
  }
}

/** What the server calls the page's language. */
export const languageTag = () => (language.value === 'zh' ? 'zh-CN' : 'en')

/** Keeps `<html lang>` in step. Call once per page. */
export function watchLanguage() {
  watchEffect(() => {
    document.documentElement.lang = languageTag()
  })
}

/**
 * Fills `{name}`, and chooses by number: `{n} {n|order|orders}` says "1 order", "2 orders".
 */
export function fill(pattern: string, values: Values = {}): string {
  return pattern.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name]
    if (value === undefined) {
      if (import.meta.env.MODE === 'test') throw new Error(`no value for {${name}} in «${pattern}»`)
      return whole
    }
    if (one !== undefined && many !== undefined) return Number(value) === 1 ? one : many
    return String(value)
  })
}

/**
 * A `t` for one part of the console: its own words and the shared ones. English may be given as something to load, to keep it
 * out of the script of those who do not read it.
 */
export function words<Z extends Record<string, string>>(zh: Z, en: WordsLike<Z> | (() => Promise<WordsLike<Z>>)) {
  const all = { zh: { ...sharedZh, ...zh }, en: { ...shared, ...(typeof en === 'function' ? {} : en) } } as Record<Language, Record<string, string>>
  parts.push(all.en)
  if (typeof en === 'function') loaders.push(once(async () => void Object.assign(all.en, await en())))
  type Key = (keyof Z & string) | keyof typeof sharedZh
  function t(key: Key, values?: Values): string {
    const pattern = all[language.value][key] ?? (import.meta.env.MODE === 'test' ? undefined : all.zh[key])
    if (pattern === undefined) {
      if (import.meta.env.MODE === 'test') throw new Error(`no words for ${key}`)
      return key
    }
    return fill(pattern, values)
  }
  /** For codes of the server: `t.code('state', 'on_call')` is the word for `state.on_call`, or the code when there is none. */
  t.code = (group: string, code: string): string => all[language.value][`${group}.${code}`] ?? code
  t.has = (key: string): key is Key => key in all[language.value]
  return t
}

/** Only the shared words. */
export const t = words({}, {})

/** A name that the data has in both languages; zh where en is missing. */
export function named(of: { zh?: string | null; en?: string | null } | null | undefined): string {
  if (!of) return ''
  return (language.value === 'en' && of.en) || of.zh || of.en || ''
}

/** Several things in one line: 宫保鸡丁、米饭; Kung Pao chicken, rice. */
export const listed = (words: readonly string[]): string => words.join(language.value === 'zh' ? '、' : ', ')
