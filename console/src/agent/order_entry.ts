// The dish field's small language: `18*2`, `gbjd`, 宫保, `18-`, `18!少辣`, `22!大份 微辣`. Pure.
import { best } from '@/shared/ui/matching'
import type { CartLine, Dish } from '@/shared/wire'

export interface Entry {
  /** Number, initials or part of the name; empty means the last line. */
  query: string
  action: 'add' | 'remove' | 'quantity' | 'note'
  quantity: number | null
  note: string | null
}

export interface Line {
  dish: number
  quantity: number
  size: string | null
  spice: string | null
  note: string
}

export const MOST_PORTIONS = 99

/** Full-width letters, digits and signs as an input method writes them → the plain ones. */
export function plain(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/\u3000/g, ' ')
    .replace(/[×✕✖]/g, '*')
    .replace(/[−–—]/g, '-')
}

/** What somebody typed. Null when there is nothing to do. */
export function parseEntry(typed: string): Entry | null {
  const text = plain(typed).trim()
  if (text === '') return null
  const bang = text.indexOf('!')
  const head = (bang < 0 ? text : text.slice(0, bang)).trim()
  const note = bang < 0 ? null : text.slice(bang + 1).trim().slice(0, 100)
  const removed = /^(.*?)\s*-$/.exec(head)
  if (removed && note === null) return { query: removed[1]!.trim(), action: 'remove', quantity: null, note: null }
  // `18*2`, `18 x2`, and `18 *2`; an x inside a name is part of the name.
  const counted = /^(.*?)\s*\*\s*(\d{1,3})$/.exec(head) ?? /^(\d+)\s*[xX]\s*(\d{1,3})$/.exec(head)
  const query = (counted ? counted[1]! : head).trim()
  const quantity = counted ? Number(counted[2]) : null
  if (quantity === 0) return { query, action: 'remove', quantity: null, note: null }
  if (query === '' && quantity === null && note === null) return null
  if (query === '' && quantity !== null) return { query, action: 'quantity', quantity, note }
  if (note !== null && quantity === null) return { query, action: 'note', quantity: null, note }
  return { query, action: 'add', quantity, note }
}

/** The dishes that fit, best first. A whole number means that number alone. */
export function candidates(dishes: readonly Dish[], query: string, limit = 8): Dish[] {
  const served = dishes.filter((dish) => dish.served)
  if (/^\d+$/.test(query)) {
    const exact = served.filter((dish) => dish.number === Number(query))
    const longer = served.filter((dish) => dish.number !== Number(query) && String(dish.number).startsWith(query))
    return [...exact, ...longer].slice(0, limit)
  }
  return best(served, query, limit)
}

/** What Enter takes when nobody chose from the list: numbers only when they are whole. */
export function taken(dishes: readonly Dish[], query: string): Dish | null {
  const found = candidates(dishes, query, 1)[0] ?? null
  if (/^\d+$/.test(query) && found?.number !== Number(query)) return null
  return found
}

const SIZES: Record<string, string> = { 大份: 'large', 大: 'large', large: 'large', 中份: 'medium', 中: 'medium', medium: 'medium', 小份: 'small', 小: 'small', small: 'small' }
const SPICES: Record<string, string> = { 不辣: 'none', 微辣: 'mild', mild: 'mild', 中辣: 'medium', 重辣: 'hot', 特辣: 'hot', hot: 'hot' }

/** Words of a note that are choices the dish offers become choices; the rest stays a note. */
export function splitNote(dish: Dish | undefined, note: string): Pick<Line, 'note'> & { size?: string; spice?: string } {
  const rest: string[] = []
  let size: string | undefined
  let spice: string | undefined
  for (const word of note.split(/[\s,，、]+/).filter(Boolean)) {
    const lower = word.toLowerCase()
    if (dish?.options.includes('size') && SIZES[lower]) size = SIZES[lower]
    else if (dish?.options.includes('spice') && SPICES[lower]) spice = SPICES[lower]
    else rest.push(word)
  }
  return { note: rest.join(' '), ...(size ? { size } : {}), ...(spice ? { spice } : {}) }
}

const capped = (n: number) => Math.min(MOST_PORTIONS, Math.max(1, Math.floor(n)))

function lastOf(lines: readonly Line[], dish: number | null): number {
  if (dish === null) return lines.length - 1
  for (let at = lines.length - 1; at >= 0; at--) if (lines[at]!.dish === dish) return at
  return -1
}

/** A fresh line with the dish's usual choices. */
export function freshLine(dish: Dish, quantity = 1): Line {
  return {
    dish: dish.number,
    quantity: capped(quantity),
    size: dish.options.includes('size') ? 'medium' : null,
    spice: dish.options.includes('spice') ? 'medium' : null,
    note: '',
  }
}

/** The lines after an entry. The same array when it changes nothing (there is no such line). */
export function applyEntry(lines: Line[], entry: Entry, dish: Dish | null): Line[] {
  const number = entry.query === '' ? null : (dish?.number ?? null)
  if (entry.query !== '' && number === null) return lines
  const at = lastOf(lines, number)
  const changed = (index: number, change: Partial<Line>) => lines.map((line, here) => (here === index ? { ...line, ...change } : line))
  switch (entry.action) {
    case 'remove':
      return at < 0 ? lines : lines.filter((_, here) => here !== at)
    case 'quantity':
      return at < 0 ? lines : changed(at, { quantity: capped(entry.quantity ?? 1), ...(entry.note === null ? {} : { note: entry.note }) })
    case 'note':
      if (at >= 0) return changed(at, splitNote(dish ?? undefined, entry.note ?? ''))
      return dish ? [...lines, { ...freshLine(dish), ...splitNote(dish, entry.note ?? '') }] : lines
    case 'add': {
      if (!dish) return lines
      const fresh = { ...freshLine(dish, entry.quantity ?? 1), ...splitNote(dish, entry.note ?? '') }
      const same = lines.findIndex(
        (line) => line.dish === fresh.dish && (entry.note === null || (line.note === fresh.note && line.size === fresh.size && line.spice === fresh.spice)),
      )
      if (same >= 0) return changed(same, { quantity: capped(lines[same]!.quantity + fresh.quantity) })
      return [...lines, fresh]
    }
  }
}

/** Lines from a cart or an order of before; what is no longer served is left out and named. */
export function linesFrom(cart: readonly CartLine[], dishes: readonly Dish[]): { lines: Line[]; missing: number[] } {
  const known = new Map(dishes.map((dish) => [dish.number, dish]))
  const lines: Line[] = []
  const missing: number[] = []
  for (const one of cart) {
    const dish = known.get(one.dish)
    if (!dish?.served) {
      missing.push(one.dish)
      continue
    }
    const fresh = freshLine(dish, one.quantity)
    lines.push({ ...fresh, size: one.size ?? fresh.size, spice: one.spice ?? fresh.spice, note: one.note ?? '' })
  }
  return { lines, missing }
}

/** Price of one portion. */
export function priceOf(dish: Dish | undefined, size: string | null): number {
  if (!dish) return 0
  const sized = size ? dish.sizes?.[`${size}_fen`] : undefined
  return sized ?? dish.price_fen
}

/** What the goods cost before offers, for the moment until the server has said. */
export function goodsOf(lines: readonly Line[], dishes: readonly Dish[]): number {
  return lines.reduce((sum, line) => sum + priceOf(dishes.find((dish) => dish.number === line.dish), line.size) * line.quantity, 0)
}
