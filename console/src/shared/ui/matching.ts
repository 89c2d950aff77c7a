// Finding by number, pinyin initials, or part of a name: dishes, branches, people.

export interface Searchable {
  number?: number | string
  zh?: string | null
  en?: string | null
  pinyin?: string | null
}

/** How well it fits: 0 not at all, more is better. */
export function fit(item: Searchable, typed: string): number {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return 1
  const number = item.number === undefined ? '' : String(item.number)
  const pinyin = (item.pinyin ?? '').toLowerCase().replace(/\s/g, '')
  const zh = item.zh ?? ''
  const en = (item.en ?? '').toLowerCase()
  const squeezed = wanted.replace(/\s/g, '')
  if (number === wanted) return 100
  if (zh === wanted || en === wanted) return 95
  if (pinyin === squeezed && squeezed !== '') return 90
  if (number !== '' && number.startsWith(wanted)) return 80
  if (zh.startsWith(wanted)) return 75
  if (pinyin !== '' && pinyin.startsWith(squeezed)) return 70
  if (en.startsWith(wanted)) return 65
  if (en.split(/[\s(-]+/).some((word) => word.startsWith(wanted))) return 60
  if (zh.includes(wanted)) return 55
  if (pinyin.includes(squeezed) && squeezed.length > 1) return 45
  if (en.includes(wanted) && wanted.length > 2) return 35
  // The initials of the English words: `kpc`.
  const initials = en
    .split(/[\s(-]+/)
    .map((word) => word[0] ?? '')
    .join('')
  if (squeezed.length > 1 && initials.startsWith(squeezed)) return 30
  return 0
}

/** The best fits first; equals keep their order. */
export function best<T extends Searchable>(items: readonly T[], typed: string, limit = 8): T[] {
  return items
    .map((item, index) => ({ item, index, score: fit(item, typed) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, limit)
    .map((one) => one.item)
}
