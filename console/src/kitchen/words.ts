// Words of the kitchen, and how its data is named.
import { named, words, type WordsLike } from '@/shared/i18n'
import { en } from './en'
import type { CardLine } from './wire'
import { zh } from './zh'

/** A page's `t`: the words of the kitchen and its own. */
export const kitchenWords = <Z extends Record<string, string>>(ownZh: Z, ownEn: WordsLike<Z>) =>
  words({ ...zh, ...ownZh }, { ...en, ...ownEn } as unknown as WordsLike<typeof zh & Z>)

export const t = words(zh, en)

/** `大份 · 微辣 · 不要葱`: what is special about a line. */
export const wishes = (line: Pick<CardLine, 'size' | 'spice' | 'note'>): string[] =>
  [line.size && t.code('size', line.size), line.spice && t.code('spice', line.spice), line.note].filter((wish): wish is string => !!wish)

export const dishName = (line: Pick<CardLine, 'zh' | 'en' | 'dish'>): string => named(line) || `#${line.dish}`
