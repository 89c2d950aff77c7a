// The kitchen's boards: deadlines' colours, the order of what needs a person, merging of frames, the bell.
import { describe, expect, it } from 'vitest'
import { fenOf } from '@/branch/cash'
import { Ringer } from '@/branch/ringing'
import { sameToTheEye } from '@/kitchen/board'
import { budget, byUrgency, changedLines, columnOf, foretold, found, inOrderOfWaiting, isLate, isLoud, mayWait, rings, timeAhead, tone, toneOfShare, toneOfTask, waitsForBranch } from '@/kitchen/order'
import { applyBoardFrame, emptyBoard } from '@/kitchen/state'
import type { BoardFrame, Card, Task } from '@/kitchen/wire'
import { qr, qrPath } from '@/kitchen/qr'

const NOW = 1_790_000_000_000
const MINUTE = 60_000
const card = (more: Partial<Card> = {}): Card => ({
  id: 'o-1', number: '1122-3086', tail: '3086', status: 'new', life: 1, version: 1, stage: 0, owner: 'branch', due_at: null, ring: true, loud: false, via: 'keypad', language: 'zh-CN',
  branch: 1, branch_why: null, refused_by: [], fulfilment: 'delivery', name: '王女士', phone: '13800138000', level: null, orders_before: 1, allergies: [], address: '漕溪北路 88 号', address_id: null,
  recording: null, zone: null, outside: false, lines: [], remark: '', note_recording: null, goods_fen: 0, discounts: [], fee_fen: 0, pay_fen: 0, placed_at: NOW, promised_at: NOW + 45 * MINUTE,
  wanted_at: null, release_at: null, sent_at: NOW, seen_at: null, accepted_at: null, cooking_at: null, ready_at: null, out_at: null, done_at: null, rider: null, outcome: null, attempts: 0, held_until: null, rescheduled: 0, lacks: null, expected_at: null, pending: null,
  urged_at: null, undo_until: null, agent_name: '', ...more,
})
const task = (id: string, at: number, more: Partial<Task> = {}): Task => ({
  id, kind: 'refused', order: 'o-1', number: '3086', branch: 1, at, due_at: null, words: { code: 'refused' }, taken_by: null, taken_name: null, done_at: null, done_how: null, ...more,
})

describe('c81 deadlines', () => {
  it('are green for half of the time, amber until its end, then red', () => {
    expect([0, 0.49, 0.5, 1, 1.01].map(toneOfShare)).toEqual(['green', 'green', 'amber', 'amber', 'red'])
  })
  it('a new order has two minutes at its branch, and is loud after one', () => {
    const fresh = card()
    expect([59, 60, 120, 121].map((s) => tone(fresh, NOW + s * 1000))).toEqual(['green', 'amber', 'amber', 'red'])
    expect([59, 60].map((s) => isLoud(fresh, NOW + s * 1000))).toEqual([false, true])
    expect(isLoud(card({ seen_at: NOW }), NOW + 5 * MINUTE)).toBe(false)
  })
  it('nobody is late with an order that waits for its hour', () => {
    const later = card({ sent_at: null, owner: 'clock', promised_at: NOW + 600 * MINUTE })
    expect(budget(later)).toBeNull()
    expect(rings(later) || waitsForBranch(later) || isLate(later, NOW + 700 * MINUTE)).toBe(false)
    expect(tone(later, NOW + 100 * MINUTE)).toBe('green')
  })
  it('cooking is measured against the promise, riders get ten minutes more', () => {
    const cooking = card({ status: 'cooking', accepted_at: NOW, promised_at: NOW + 40 * MINUTE })
    expect([19, 21, 41].map((m) => tone(cooking, NOW + m * MINUTE))).toEqual(['green', 'amber', 'red'])
    const out = card({ status: 'out', out_at: NOW, promised_at: NOW + 30 * MINUTE })
    expect(tone(out, NOW + 39 * MINUTE)).toBe('amber')
    expect(isLate(out, NOW + 31 * MINUTE)).toBe(true)
    expect(tone(card({ status: 'done', done_at: NOW }), NOW + 500 * MINUTE)).toBe('green')
  })
})

describe('c85 another time', () => {
  it('is the next such moment of the clock, within eight hours', () => {
    const noon = new Date(2026, 10, 21, 12, 0).getTime()
    const told = (typed: string, now = noon) => {
      const at = timeAhead(typed, now)
      return at === null ? null : Math.round((at - now) / MINUTE)
    }
    expect(['18:30', '1830', '12：15', '20:00'].map((typed) => told(typed))).toEqual([390, 390, 15, 480])
    expect(['12:00', '20:01', '11:00', '25:00', '18:60', 'soon', ''].map((typed) => told(typed))).toEqual([null, null, null, null, null, null, null])
    expect(told('0:30', new Date(2026, 10, 21, 23, 45).getTime())).toBe(45)
  })
  it('food that is kept has until then, not until its old promise', () => {
    const kept = card({ status: 'ready', ready_at: NOW, promised_at: NOW + 5 * MINUTE, held_until: NOW + 30 * MINUTE })
    expect([14, 16, 31].map((m) => tone(kept, NOW + m * MINUTE))).toEqual(['green', 'amber', 'red'])
  })
})

describe('c88 what will be late', () => {
  it('says by how much until it is over', () => {
    const slow = card({ status: 'cooking', promised_at: NOW, expected_at: NOW + 12.4 * MINUTE })
    expect([slow, card({ ...slow, expected_at: null }), card({ ...slow, status: 'done' })].map(foretold)).toEqual([12, null, null])
  })
})

describe('c77 what needs a person', () => {
  it('stands oldest first, without what is done', () => {
    const tasks = [task('b', NOW + 2), task('a', NOW + 2), task('c', NOW), task('d', NOW - 9, { done_at: NOW })]
    expect(inOrderOfWaiting(tasks).map((one) => one.id)).toEqual(['c', 'a', 'b'])
  })
  it('has an edge in the colour of its own deadline', () => {
    const due = task('a', NOW, { due_at: NOW + 100_000 })
    expect([49_000, 50_000, 101_000].map((ms) => toneOfTask(due, NOW + ms))).toEqual(['green', 'amber', 'red'])
    expect(toneOfTask(task('a', NOW), NOW + 181_000)).toBe('red')
  })
  it('orders stand by what is due first, finished ones by the last', () => {
    const first = card({ id: 'a', status: 'cooking', promised_at: NOW + 1 })
    const second = card({ id: 'b', status: 'accepted', promised_at: NOW + 2 })
    expect([second, first].sort(byUrgency('cooking')).map((one) => one.id)).toEqual(['a', 'b'])
    expect([card({ id: 'a', done_at: 1 }), card({ id: 'b', done_at: 2 })].sort(byUrgency('over')).map((one) => one.id)).toEqual(['b', 'a'])
    expect((['new', 'address_check', 'accepted', 'cooking', 'ready', 'out', 'done', 'cancelled'] as const).map((status) => columnOf({ status })).join()).toBe(
      'waiting,waiting,cooking,cooking,leaving,leaving,over,over',
    )
  })
  it('is found by number, tail, phone, name, address and rider', () => {
    const one = card({ rider: { id: 'r', name: '老周' } })
    for (const typed of ['3086', '#3086', '8000', '138 0013', '王', '漕溪', '老周', '徐家汇', 'xujia']) expect(found(one, typed, { zh: '徐家汇店', en: 'Xujiahui branch' })).toBe(true)
    for (const typed of ['9999', '小陈', '-']) expect(found(one, typed)).toBe(false)
  })
})

describe('the board', () => {
  const snapshot = (more: object = {}): BoardFrame => ({ type: 'snapshot', seq: 1, at: NOW, me: { role: 'branch', branch: 1, name: '' }, orders: [card()], tasks: [], branches: [], riders: [], ...more }) as BoardFrame
  it('takes later lives over and leaves earlier ones', () => {
    const board = emptyBoard()
    applyBoardFrame(board, snapshot(), NOW - 5)
    expect(board.skew).toBe(5)
    expect(applyBoardFrame(board, { type: 'order', seq: 3, order: card({ life: 3, status: 'accepted' }) }, NOW)).toBe(true)
    expect(applyBoardFrame(board, { type: 'order', seq: 2, order: card({ life: 2 }) }, NOW)).toBe(false)
    expect(board.orders.get('o-1')?.status).toBe('accepted')
  })
  it('a branch loses an order that went elsewhere, headquarters does not', () => {
    const [branch, office] = [emptyBoard(), emptyBoard()]
    applyBoardFrame(branch, snapshot(), NOW)
    applyBoardFrame(office, snapshot({ me: { role: 'dispatcher', branch: null, name: '' } }), NOW)
    const moved: BoardFrame = { type: 'order', seq: 2, order: card({ life: 2, branch: 2 }) }
    expect([applyBoardFrame(branch, moved, NOW), applyBoardFrame(office, moved, NOW)]).toEqual([true, true])
    expect([branch.orders.size, office.orders.size]).toEqual([0, 1])
    // A late echo of what it was does not bring it back for another branch's page.
    expect(applyBoardFrame(branch, { ...moved, seq: 3 }, NOW)).toBe(false)
  })
  it('a task that is done goes and stays away', () => {
    const board = emptyBoard()
    applyBoardFrame(board, snapshot({ tasks: [task('a', NOW), task('b', NOW, { done_at: NOW })] }), NOW)
    expect([...board.tasks.keys()]).toEqual(['a'])
    applyBoardFrame(board, { type: 'task', seq: 2, task: task('a', NOW, { done_at: NOW }) }, NOW)
    expect(board.tasks.size).toBe(0)
  })
  it('an alarm of the clock does not undo what a person means', () => {
    expect(sameToTheEye(card(), card({ life: 2, stage: 1, loud: true }))).toBe(true)
    for (const changed of [{ status: 'cancelled' as const }, { version: 2 }, { branch: 2 }, { owner: 'headquarters' as const }, { pending: { kind: 'cancel' as const, why: '', by: '', at: 1 } }]) {
      expect(sameToTheEye(card(), card({ life: 2, ...changed }))).toBe(false)
    }
  })
})

describe('c82 the bell', () => {
  it('sounds at once, every five seconds, louder after a minute, and not once touched', () => {
    const ringer = new Ringer()
    const at = (s: number, cards = [card()], touched = new Set<string>()) => ringer.look(cards, touched, NOW + s * 1000)
    expect([at(0), at(1), at(4.9), at(5), at(6), at(61)]).toEqual(['soft', 'none', 'none', 'soft', 'none', 'loud'])
    // Another one rings without waiting for its turn.
    expect(at(62, [card(), card({ id: 'o-2', sent_at: NOW + 62_000 })])).toBe('loud')
    expect(at(70, [card()], new Set(['o-1']))).toBe('none')
    expect(at(71, [card({ seen_at: NOW })])).toBe('none')
    expect(at(72)).toBe('loud')
  })
  it('offline, a branch is told how many may wait: those it knows and those to expect', () => {
    const busy = [card(), ...Array.from({ length: 12 }, (_, place) => card({ id: `x-${place}`, status: 'cooking', sent_at: NOW - place * MINUTE }))]
    expect(mayWait(busy, NOW, NOW)).toBe(1)
    expect(mayWait(busy, NOW, NOW + 10 * MINUTE)).toBe(1 + 3)
    expect(mayWait([], NOW, NOW + 10 * MINUTE)).toBe(0)
  })
})

it('c86 a change is shown as what differs', () => {
  const line = (dish: number, quantity: number, note: string | null = null) => ({ dish, zh: `菜${dish}`, en: null, quantity, size: null, spice: null, note, price_fen: 1, amount_fen: quantity })
  expect(changedLines([line(18, 2), line(61, 1)], [line(18, 1), line(61, 1), line(2, 1)])).toEqual([
    { dish: 18, zh: '菜18', en: null, from: 2, to: 1 },
    { dish: 2, zh: '菜2', en: null, from: 0, to: 1 },
  ])
  expect(changedLines([line(18, 1)], [line(18, 1, '不要葱')])).toHaveLength(2)
  // A dish that comes in is called by its name.
  const swap = changedLines([line(18, 1)], [{ dish: 21, quantity: 1, size: null, spice: null, note: null }], new Map([[21, { zh: '回锅肉', en: 'Twice cooked pork' }]]))
  expect(swap.map((one) => [one.dish, one.zh, one.from, one.to])).toContainEqual([21, '回锅肉', 0, 1])
})

it('c84 cash is read as people type it', () => {
  expect(['126', '126.5', '126,50', '¥88', ' 0 '].map(fenOf)).toEqual([12_600, 12_650, 12_650, 8_800, 0])
  for (const wrong of ['', '-5', '1.234', 'abc', '12345678']) expect(fenOf(wrong)).toBeNull()
})

// As other encoders write it (qrcode of Python, level L, mask 0).
const CODE = `
#######..##.##.#..#######
#.....#...####.##.#.....#
#.###.#.#####.#...#.###.#
#.###.#..####.##..#.###.#
#.###.#...###.##..#.###.#
#.....#..#.###.#..#.....#
#######.#.#.#.#.#.#######
........###..##.#........
###.#####.####.####...#..
...#.#..#.#.#....##.....#
##...#####..#....#..#.###
..#.#..#.....####.###..#.
.#.#####...#.#..###..#.##
.##.##..##.####.#.#..#..#
#..#..###.....#.####..###
.#...#.####.##..##..#..#.
#...#####.####.#######...
........#.#....##...##.##
#######.#...#..##.#.##.##
#.....#.#.#..#..#...##...
#.###.#.##...#..######.#.
#.###.#..##.##.....####..
#.###.#.#...........#...#
#.....#.###.#####.#.##.#.
#######.##.######.##...##`

describe('the rider’s link as a QR code', () => {
  it('is what other encoders make of it', () => {
    expect(`\n${qr('https://hotline.example/r/Zk3')!.map((row) => row.map((dark) => (dark ? '#' : '.')).join('')).join('\n')}`).toBe(CODE)
  })
  it('grows with the text, up to 106 bytes', () => {
    expect(['x', 'x'.repeat(18), 'x'.repeat(106)].map((text) => qr(text)!.length)).toEqual([21, 25, 37])
    expect([qr('x'.repeat(107)), qrPath('')]).toEqual([null, null])
  })
})
