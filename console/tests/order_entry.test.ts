// c61: the dish field's small language, as somebody types it.
import { describe, expect, it } from 'vitest'
import { applyEntry, candidates, goodsOf, type Line, linesFrom, parseEntry, priceOf, taken } from '@/agent/order_entry'
import type { Dish } from '@/shared/wire'

const dish = (number: number, zh: string, pinyin: string, price_fen: number, more: Partial<Dish> = {}): Dish => ({
  number, zh, en: null, pinyin, price_fen, sizes: null, options: [], category: 'hot', served: true, points: null, sold_out: [], new: false, ...more,
})
const dishes = [
  dish(1, '白灼虾', 'bzx', 5800),
  dish(18, '宫保鸡丁', 'gbjd', 3800, { en: 'Kung Pao chicken' }),
  dish(19, '鱼香肉丝', 'yxrs', 3200),
  dish(22, '水煮鱼', 'szy', 6800, { options: ['size', 'spice'], sizes: { large_fen: 8800, medium_fen: 6800 } }),
  dish(99, '停售菜', 'tsc', 100, { served: false }),
]
/** Types entries one after another. */
function typed(...entries: string[]): Line[] {
  let lines: Line[] = []
  for (const text of entries) {
    const entry = parseEntry(text)
    if (entry) lines = applyEntry(lines, entry, entry.query === '' ? null : taken(dishes, entry.query))
  }
  return lines
}

describe('c61 order entry', () => {
  it('takes a code and portions', () => expect(typed('18*2')).toMatchObject([{ dish: 18, quantity: 2, note: '' }]))
  it.each(['18 *2', '18×2', '１８＊２', '18x2', '18 * 2'])('%s is the same', (text) => expect(typed(text)).toMatchObject([{ dish: 18, quantity: 2 }]))
  it('takes portions after the code', () => expect(typed('18', '*3')).toMatchObject([{ dish: 18, quantity: 3 }]))
  it.each(['gbjd', 'GBJD', '宫保', 'kung', 'kpc', 'gbj'])('finds 宫保鸡丁 by %s', (text) => expect(taken(dishes, text)?.number).toBe(18))
  it('a number is that number: 1 is not 18, 8 is nothing', () => {
    expect(taken(dishes, '1')?.number).toBe(1)
    expect(taken(dishes, '8')).toBeNull()
    expect(candidates(dishes, '1').map((one) => one.number)).toEqual([1, 18, 19])
  })
  it('what is not served is not found', () => expect(taken(dishes, '99')).toBeNull())
  it('removes', () => expect(typed('18', '19', '18-')).toMatchObject([{ dish: 19 }]))
  it('removes the last line by - alone, and by *0', () => {
    expect(typed('18', '19', '-')).toMatchObject([{ dish: 18 }])
    expect(typed('18', '18*0')).toEqual([])
  })
  it('sets the note on the line, or on a new one', () => {
    expect(typed('18', '18!少辣')).toMatchObject([{ dish: 18, quantity: 1, note: '少辣' }])
    expect(typed('18！不要葱')).toMatchObject([{ dish: 18, note: '不要葱' }])
    expect(typed('18', '19', '!少油')).toMatchObject([{ dish: 18, note: '' }, { dish: 19, note: '少油' }])
  })
  it('choices that the dish offers leave the note', () => expect(typed('22!大份 微辣 少油')).toMatchObject([{ size: 'large', spice: 'mild', note: '少油' }]))
  it('choices that it does not offer stay words', () => expect(typed('18!大份')).toMatchObject([{ size: null, note: '大份' }]))
  it('the same again adds up, at most 99', () => {
    expect(typed('18', '18*2')).toMatchObject([{ dish: 18, quantity: 3 }])
    expect(typed('18*99', '18*99')).toMatchObject([{ quantity: 99 }])
  })
  it('changes nothing for what is not there', () => {
    const lines = typed('18')
    expect(applyEntry(lines, parseEntry('19-')!, taken(dishes, '19'))).toBe(lines)
    expect(applyEntry(lines, parseEntry('zzz')!, null)).toBe(lines)
    expect(parseEntry('   ')).toBeNull()
  })
  it('prices by size', () => {
    expect(priceOf(dishes[3], 'large')).toBe(8800)
    expect(priceOf(dishes[3], 'small')).toBe(6800)
    expect(goodsOf(typed('18*2', '22!大份'), dishes)).toBe(2 * 3800 + 8800)
  })
  it('a cart of before leaves out what is gone, and names it', () => {
    const { lines, missing } = linesFrom([{ dish: 18, quantity: 2, note: '少辣' }, { dish: 99, quantity: 1 }, { dish: 7, quantity: 1 }], dishes)
    expect(lines).toMatchObject([{ dish: 18, quantity: 2, note: '少辣' }])
    expect(missing).toEqual([99, 7])
  })
  it('never throws, whatever is typed', () => {
    const signs = '0189*!-xX×！ 宫g\u0000🍜'
    let seed = 7
    for (let round = 0; round < 3000; round++) {
      let text = ''
      for (let n = 0; n < 8; n++) {
        seed = (seed * 1103515245 + 12345) % 2147483648
        text += signs[seed % signs.length]
      }
      for (const line of typed('18', text)) expect(line.quantity).toBeGreaterThanOrEqual(1)
    }
  })
})
