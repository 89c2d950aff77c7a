// The floor's numbers, where people go after signing in, and what the diner's phone dials.
import { describe, expect, it } from 'vitest'
import { isNumber, reason } from '../src/phone/line'
import { above, below, byState, hours, inLine, mark, percent, seats, THRESHOLDS, top, totals } from '../src/supervisor/figures'
import { Listening } from '../src/supervisor/listening'
import type { Live } from '../src/shared/live'
import { pageOf } from '../src/shared/where'
import { passwordFault } from '../src/sign_in/password'
import type { Agent, Queue, Waiting } from '../src/shared/wire'

const queue = (more: Partial<Queue>): Queue => ({
  queue: 'order-zh', name_zh: '点餐', name_en: 'Orders', waiting: 0, longest_since: null, agents: 0, ready: 0,
  offered: 0, answered: 0, answered_in_time: 0, abandoned: 0, abandoned_short: 0, ...more,
})
const agent = (more: Partial<Agent>): Agent => ({
  user: 'u', node: null, number: '8001', name: '李娜', role: 'agent', state: 'available', since: '2026-11-22T10:00:00.000Z', until: null, extended: 0,
  break_reason: null, reason: null, next: null, seat: 'browser', connected: true, queues: [], call: null, caller: null,
  today: { calls: 0, missed: 0, orders: 0, talk_ms: 0, wrap_up_ms: 0 }, ...more,
})

describe('C70 the wallboard', () => {
  it('turns amber and red at its thresholds', () => {
    expect([2, 3, 5, 6].map((n) => above(n, THRESHOLDS.waiting))).toEqual(['calm', 'warn', 'warn', 'bad'])
    expect([59, 60, 90].map((n) => above(n, THRESHOLDS.longest_s))).toEqual(['calm', 'warn', 'bad'])
    expect([85, 84.9, 75, 74.9].map((n) => below(n, THRESHOLDS.in_time))).toEqual(['good', 'warn', 'warn', 'bad'])
    expect([4.9, 5, 8].map((n) => above(n, THRESHOLDS.abandoned))).toEqual(['calm', 'warn', 'bad'])
    expect(above(null, THRESHOLDS.abandoned)).toBe('calm')
  })

  it('adds up the queues; who gave up at once counts for nobody', () => {
    const sums = totals({
      queues: [
        queue({ waiting: 2, longest_since: '2026-11-22T10:00:05Z', offered: 12, answered: 8, answered_in_time: 6, abandoned: 1, abandoned_short: 1 }),
        queue({ queue: 'order-en', waiting: 1, longest_since: '2026-11-22T10:00:01.5+00:00', offered: 2, answered: 1, answered_in_time: 1 }),
      ],
      waiting: [],
    })
    expect(sums).toMatchObject({ waiting: 3, longestSince: '2026-11-22T10:00:01.5+00:00', offered: 14, answered: 9, abandoned: 1 })
    expect(sums.inTime).toBe(70)
    expect(percent(sums.abandonRate, 1)).toBe('7.7%')
    expect(totals({ queues: [queue({})], waiting: [] })).toMatchObject({ inTime: null, abandonRate: null })
    expect([percent(null), percent(86.4), percent(4, 1)]).toEqual(['—', '86%', '4%'])
  })

  it('marks long calls and breaks over their length', () => {
    const at = (seconds: number) => Date.parse('2026-11-22T10:00:00Z') + seconds * 1000
    expect(mark(agent({ state: 'on_call' }), at(299), {}, THRESHOLDS)).toBeNull()
    expect(mark(agent({ state: 'on_call' }), at(300), {}, THRESHOLDS)).toBe('long_call')
    expect(mark(agent({ state: 'on_call' }), at(300), {}, { ...THRESHOLDS, long_call_s: 600 })).toBeNull()
    expect(mark(agent({ state: 'break', break_reason: 'short' }), at(601), { short: 10 }, THRESHOLDS)).toBe('long_break')
    expect(mark(agent({ state: 'break', break_reason: 'short' }), at(600), { short: 10 }, THRESHOLDS)).toBeNull()
    expect(mark(agent({ state: 'break', break_reason: 'forced' }), at(9999), { short: 10 }, THRESHOLDS)).toBeNull()
  })

  it('lists agents by number, without supervisors who are in no call', () => {
    const people = seats({
      b: agent({ user: 'b', number: '8010' }), a: agent({ user: 'a', number: '8009', state: 'on_call', call: 7 }),
      s: agent({ user: 's', role: 'supervisor', number: '8100' }),
    })
    expect(people.map((one) => one.number)).toEqual(['8009', '8010'])
    expect(byState(people)).toEqual([{ state: 'on_call', count: 1 }, { state: 'available', count: 1 }])
  })

  it('draws every hour between the first and the last', () => {
    expect(hours([{ hour: 9, offered: 3, abandoned: 1 }, { hour: 11, offered: 5 }, { hour: 3, offered: 0 }])).toEqual([
      { hour: 9, offered: 3, abandoned: 1 }, { hour: 10, offered: 0, abandoned: 0 }, { hour: 11, offered: 5, abandoned: 0 },
    ])
    expect([hours(null), hours([{ hour: 'x' }])]).toEqual([[], []])
    expect([3, 6, 73, 412].map(top)).toEqual([5, 10, 100, 500])
  })
})

it('the line is shown in the order in which callers are served', () => {
  const one = (call: number, queue: string, place: number): Waiting => ({
    call, queue, caller: null, name: '', level: null, since: '2026-11-22T10:00:00Z', place, priority: 0, kept_for: null, is_callback: false,
  })
  const queues = { queues: [queue({}), queue({ queue: 'order-en' })], waiting: [one(3, 'order-en', 1), one(2, 'order-zh', 2), one(1, 'order-zh', 1)] }
  expect(inLine(queues).map((caller) => caller.call)).toEqual([1, 2, 3])
})

it('everybody goes to the page of their role', () => {
  expect([pageOf('agent'), pageOf('supervisor'), pageOf('administrator'), pageOf('branch'), pageOf('dispatcher')]).toEqual(['/agent', '/floor', '/floor', '/branch', '/dispatch'])
  expect(passwordFault('demo', 'short', 'short')).toBe('short')
  expect(passwordFault('correct-horse', 'correct-horse', 'correct-horse')).toBe('same')
  expect(passwordFault('demo', 'correct-horse', 'correct-hors')).toBe('differs')
  expect(passwordFault('demo', 'correct-horse', 'correct-horse')).toBeNull()
})

it('the phone dials numbers and words every ending', () => {
  expect(['1000', '*9#', '', '10 00', 'sip:1'].map(isNumber)).toEqual([true, true, false, false, false])
  expect(['busy', 'no-target', 'unavailable', 'system', 'never heard of'].map(reason)).toEqual(['busy', 'unknown_number', 'busy', 'system', 'failed'])
})

describe('C71 taking part in a call', () => {
  it('asks to be let in once the server has the sound, too', async () => {
    const sent: string[] = []
    const live = { send: async (type: string) => void sent.push(type) } as unknown as Live
    const listening = new Listening(live, () => 'boss')
    listening.softphone.state.phase = 'connected'
    const joined = listening.join({ user: 'u', name: '李娜' }, 'listen')
    await new Promise((resolve) => setTimeout(resolve))
    expect(sent).toEqual([])
    listening.heard({ type: 'media.state', connected: true, loss_percent: 0, rtt_ms: 3 })
    expect(await joined).toBe(true)
    expect(sent).toEqual(['floor.supervise'])
  })
})
