// The reports: filters in the address bar, columns of one language, tiles, sorting, drill-down.
import { describe, expect, it } from 'vitest'
import { cellText } from '@/reports/cells'
import { addDays, type Filters, isDay, lengthOf, readFilters, requestOf, spanOf, writeFilters } from '@/reports/filters'
import { change, drill, shownColumns, sorted, tilesOf } from '@/reports/shape'
import { afterOf, detailOf, KINDS } from '@/reports/story'
import type { Head, Report } from '@/reports/wire'
import { en } from '@/reports/en'
import { zh } from '@/reports/zh'

const TODAY = '2026-11-22'
const filters = (more: Partial<Filters> = {}): Filters => ({ report: 'queues', from: TODAY, to: TODAY, branch: '', queue: '', agent: '', grain: '', ...more })
const head = (key: string, kind: Head['kind'] = 'count'): Head => ({ key, zh: key, en: key, kind })
const report = (more: Partial<Report> = {}): Report => ({
  name: 'queues', title: { zh: '', en: '' }, from: TODAY, to: TODAY, formula: [], chart: null, total: null, previous: null,
  columns: [head('branch', 'text'), head('branch_zh', 'text'), head('branch_en', 'text'), head('orders'), head('late', 'percent')],
  rows: [['1', '徐家汇店', 'Xujiahui', 12, 4.2], ['2', '静安寺店', "Jing'an", 30, null], ['3', '虹口店', 'Hongkou', 12, 0]], ...more,
})

describe('c103 filters', () => {
  it('are read from the address bar and written there', () => {
    const all = filters({ from: '2026-11-01', branch: '2', queue: 'order', agent: 'u 1', grain: 'hour' })
    expect(readFilters(writeFilters(all), TODAY)).toEqual(all)
    expect(readFilters('', TODAY)).toEqual(filters({ report: '' }))
    expect(writeFilters(filters())).toBe(`?r=queues&from=${TODAY}&to=${TODAY}`)
  })
  it('nonsense in the address bar is today', () => {
    for (const search of ['?from=yesterday', '?from=2026-13-01&to=x', '?from=2026-02-30', '?from=%00']) expect(readFilters(search, TODAY)).toEqual(filters({ report: '' }))
    const turned = readFilters('?from=2026-11-09&to=2026-11-03', TODAY)
    expect(turned.from <= turned.to).toBe(true)
  })
  it('days are those of the calendar', () => {
    expect([isDay('2026-11-22'), isDay('2024-02-29'), isDay('2026-02-29'), isDay('26-1-1')]).toEqual([true, true, false, false])
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect((['today', 'yesterday', 'week', 'month'] as const).map((span) => spanOf(span, TODAY).join('..'))).toEqual(['2026-11-22..2026-11-22', '2026-11-21..2026-11-21', '2026-11-16..2026-11-22', '2026-10-24..2026-11-22'])
    expect(lengthOf({ from: '2026-10-24', to: TODAY })).toBe(30)
  })
  it('only what the report knows is sent', () => {
    const all = filters({ branch: '1', queue: 'order', grain: 'hour' })
    expect(requestOf(all, ['queue'], ['hour', 'day'])).toBe(`/api/reports/queues?from=${TODAY}&to=${TODAY}&queue=order&grain=hour`)
    expect(requestOf(all, [], [], { format: 'csv' })).toBe(`/api/reports/queues?from=${TODAY}&to=${TODAY}&format=csv`)
  })
})

describe('c104 a report on the page', () => {
  it('shows names in its language only', () => {
    expect(shownColumns(report().columns, 'zh').map((one) => one.head.key)).toEqual(['branch', 'branch_zh', 'orders', 'late'])
    expect(shownColumns(report().columns, 'en').map((one) => one.head.key)).toEqual(['branch', 'branch_en', 'orders', 'late'])
  })
  it('sorts by any column, and what is nothing comes last either way', () => {
    expect(sorted(report().rows, 3, true).map((row) => row[0])).toEqual(['2', '1', '3'])
    expect(sorted(report().rows, 4, false).map((row) => row[0])).toEqual(['3', '1', '2'])
    expect(sorted(report().rows, 4, true).map((row) => row[0])).toEqual(['1', '3', '2'])
  })
  it('tiles tell the change against the time before: per cent of counts, points of percentages', () => {
    const tiles = tilesOf(report({ total: [null, null, null, 54, 3.1], previous: { total: [null, null, null, 45, 4] } }))
    expect(tiles.map((tile) => [tile.head.key, tile.value, tile.change?.toFixed(1), tile.points])).toEqual([['orders', 54, '20.0', false], ['late', 3.1, '-0.9', true]])
    expect(change(5, 0)).toBeNull()
    expect(tilesOf(report())).toEqual([])
  })
  it('a row leads on: a day to its hours, a queue, an agent, a branch', () => {
    expect(drill(report(), report().rows[1]!, filters())).toMatchObject({ report: 'orders', branch: '2' })
    const time = report({ name: 'service-level', columns: [head('time', 'text')], rows: [] })
    expect(drill(time, ['2026-11-20'], filters({ from: '2026-11-01' }))).toMatchObject({ from: '2026-11-20', to: '2026-11-20', grain: 'hour' })
    expect(drill(time, ['2026-11-20 18:00'], filters())).toMatchObject({ report: 'call-list', from: '2026-11-20' })
    expect(drill(report({ columns: [head('agent', 'text')] }), ['u-1'], filters())).toMatchObject({ report: 'call-list', agent: 'u-1' })
    expect(drill(report({ columns: [head('dish', 'text')] }), ['18'], filters())).toBeNull()
  })
  it('cells have their units, and nothing is not zero', () => {
    expect([cellText(1234, 'count'), cellText(20550, 'fen'), cellText(86.25, 'percent'), cellText(12.3, 'seconds'), cellText(null, 'count'), cellText('x', 'text')]).toEqual(['1,234', '¥205.50', '86.3%', '12.3 s', '—', 'x'])
  })
})

describe('c103 the path of a call', () => {
  it('is told in words, not in fields', () => {
    expect(detailOf({ type: 'key', after: 2.5, key: '1', source: 'rfc4733' })).toBe('1 (rfc4733)')
    expect(detailOf({ type: 'said', after: 0, prompts: ['welcome'], text: '欢迎' })).toBe('欢迎')
    expect(detailOf({ type: 'outcome', after: 9, node: 'main', outcome: 'order' })).toBe('main: order')
    expect(detailOf({ type: 'ended', after: 9, reason: 'finished', by: 'caller' })).toBe('finished · caller')
    expect(detailOf({ type: 'arrived', after: 0 })).toBe('')
    expect(detailOf({ type: 'something_new', after: 0, text: 'told all the same' })).toBe('told all the same')
    expect([afterOf({ type: 'key', after: 12.48 }), afterOf({ type: 'key', after: NaN })]).toEqual(['12.480', ''])
  })
  it('has a word for every kind of step in both languages', () => {
    for (const kind of KINDS) for (const words of [zh, en]) expect(words[`step.${kind}`]).toBeTruthy()
  })
})
