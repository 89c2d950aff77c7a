// Administration: what is typed, what is sent, and that every word of it exists.
import { describe, expect, it } from 'vitest'
import { zh } from '@/admin/zh'
import { bodyOf, changed, type Field, RESOURCES, sentOf, typedOf } from '@/admin/resource'

const field = (kind: Field['kind'], more: Partial<Field> = {}): Field => ({ key: 'x', kind, ...more })

describe('the editor', () => {
  it('reads money, numbers and lists as people type them', () => {
    expect(sentOf(field('yuan'), '26.5')).toEqual({ value: 2650 })
    expect(sentOf(field('yuan'), '¥x')).toEqual({ wrong: 'yuan' })
    expect(sentOf(field('number'), '35')).toEqual({ value: 35 })
    expect(sentOf(field('number'), '3.5')).toEqual({ wrong: 'number' })
    expect(sentOf(field('list'), 'order，care、vip x')).toEqual({ value: ['order', 'care', 'vip', 'x'] })
    expect(sentOf(field('lines'), ' 漕溪北路 \n\n天钥桥路')).toEqual({ value: ['漕溪北路', '天钥桥路'] })
    expect(sentOf(field('text', { needed: true }), '  ')).toEqual({ wrong: 'needed' })
    expect(sentOf(field('select'), '1')).toEqual({ value: 1 })
    expect([sentOf(field('span'), '90s'), sentOf(field('span'), '90'), sentOf(field('secret'), '')]).toEqual([{ value: '90s' }, { wrong: 'span' }, { value: '' }])
    expect(typedOf(field('secret'), 'whatever came')).toBe('')
    expect([typedOf(field('yuan'), 2650), typedOf(field('list'), ['a', 'b']), typedOf(field('text'), null)]).toEqual(['26.5', 'a, b', ''])
  })
  it('sends only what was changed, or all of it where it is put whole', () => {
    const fields = [field('text', { key: 'name' }), field('yuan', { key: 'price_fen' }), field('text', { key: 'login', once: true })]
    const before = { name: '宫保鸡丁', price_fen: 3800, login: 'a' }
    expect(bodyOf(fields, before, { name: '宫保鸡丁', price_fen: '39', login: 'b' }, false)).toEqual({ body: { price_fen: 3900 } })
    expect(bodyOf(fields, before, { name: '宫保鸡丁', price_fen: '39' }, true)).toEqual({ body: { name: '宫保鸡丁', price_fen: 3900 } })
    expect(bodyOf(fields, null, { name: '新菜', price_fen: '', login: 'x' }, false)).toEqual({ body: { name: '新菜', login: 'x' } })
    expect(bodyOf(fields, null, { name: '新菜', price_fen: 'x', login: '' }, false)).toEqual({ wrong: { price_fen: 'yuan' } })
  })
  it('a comma written otherwise is no change', () => {
    expect(changed(field('list'), ['order', 'care'], 'order，care')).toBe(false)
    expect(changed(field('list'), ['order', 'care'], 'order')).toBe(true)
    expect([changed(field('tick'), undefined, false), changed(field('tick'), true, false)]).toEqual([false, true])
  })
  it('every page, column and field has its words, and nobody edits what they may not see', () => {
    const known = zh as Record<string, string>
    for (const one of RESOURCES) {
      expect(known[one.name], one.name).toBeTruthy()
      for (const key of [...one.columns, ...one.fields.map((each) => each.key)]) expect(known[`field.${key}`] ?? known[key], `${one.name}.${key}`).toBeTruthy()
      for (const name of one.told ?? []) expect(known[`told.${name}`]).toBeTruthy()
      for (const deed of one.deeds ?? []) expect(known[deed.name]).toBeTruthy()
      for (const role of one.edit) expect(one.roles).toContain(role)
    }
  })
})
