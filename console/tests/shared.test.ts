// The live socket, words, formats, keys, levels, and the lock file.
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { en as agentEn } from '@/agent/words/en'
import { zh as agentZh } from '@/agent/words/zh'
import { fill, language, listed, words } from '@/shared/i18n'
import { en as sharedEn } from '@/shared/i18n/en'
import { zh as sharedZh } from '@/shared/i18n/zh'
import { clock, dateTime, lastFour, money, phone, soon } from '@/shared/format'
import { type Binding, Keyboard, pressedKeys, written } from '@/shared/keys'
import { backOffMs, Live } from '@/shared/live'
import { levelOf, troubleOf } from '@/shared/softphone'
import type { Frame } from '@/shared/wire'

class FakeSocket {
  static all: FakeSocket[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  sent: { id: string; type: string }[] = []
  constructor() {
    FakeSocket.all.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  close() {}
  hears(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}
const snapshot = (seq: number) => ({ type: 'snapshot', seq, at: '2026-11-22T04:00:00.000Z', me: null, calls: [], queues: { queues: [], waiting: [] }, agents: [], node: 'a', nodes: [], store_away: false, version: '' })
const store = (seq: number) => ({ type: 'store', seq, at: '2026-11-22T04:00:00.000Z', away: true })

describe('c63 live socket', () => {
  let frames: Frame[] = []
  let live: Live
  const socket = () => FakeSocket.all[FakeSocket.all.length - 1]!
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('location', { protocol: 'http:', host: 'x' })
    FakeSocket.all = []
    frames = []
    live = new Live({ onFrame: (frame) => frames.push(frame), make: () => new FakeSocket() as unknown as WebSocket })
    live.start()
  })
  afterEach(() => {
    live.stop()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is open once the snapshot is there', () => {
    expect(live.state.open).toBe(false)
    socket().hears(snapshot(5))
    expect(live.state.open).toBe(true)
  })
  it('a gap asks for a new snapshot once, and shows nothing in between', () => {
    socket().hears(snapshot(5))
    socket().hears(store(6))
    socket().hears(store(8))
    socket().hears(store(9))
    expect(socket().sent.filter((one) => one.type === 'resync')).toHaveLength(1)
    expect(frames).toHaveLength(2)
    socket().hears(snapshot(9))
    socket().hears(store(10))
    expect(frames).toHaveLength(4)
  })
  it('an event that was in the snapshot already is not applied again', () => {
    socket().hears(snapshot(5))
    socket().hears(store(5))
    expect(frames).toHaveLength(1)
  })
  it('a command is answered, refused in words, or times out', async () => {
    socket().hears(snapshot(1))
    const good = live.send('call.answer', { call: 7 })
    socket().hears({ type: 'ok', re: socket().sent[0]!.id })
    await good
    const bad = live.send('call.answer', { call: 7 })
    socket().hears({ type: 'error', re: socket().sent[1]!.id, problem: 'caller-gone', detail: 'the caller has gone' })
    await expect(bad).rejects.toMatchObject({ code: 'caller-gone' })
    const late = expect(live.send('call.hold', { call: 7 })).rejects.toMatchObject({ code: 'timeout' })
    await vi.advanceTimersByTimeAsync(5_000)
    await late
  })
  it('after a cut the same command is sent again under the same id', async () => {
    socket().hears(snapshot(1))
    const first = socket()
    const done = live.send('wrapup.save', { call: 7 }, 20_000)
    first.onclose?.()
    expect(live.state.open).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(socket()).not.toBe(first)
    socket().hears(snapshot(40))
    expect(socket().sent[0]).toEqual(first.sent[0])
    socket().hears({ type: 'ok', re: first.sent[0]!.id })
    await done
  })
  it('ids differ between two pages of one session', () => {
    const other = new Live({ onFrame: () => {}, make: () => new FakeSocket() as unknown as WebSocket })
    socket().hears(snapshot(1))
    void live.send('ping').catch(() => {})
    const mine = socket().sent[0]!.id
    other.start()
    socket().hears(snapshot(1))
    void other.send('ping').catch(() => {})
    expect(socket().sent[0]!.id).not.toBe(mine)
    other.stop()
  })
  it('a silent connection is given up and opened anew', async () => {
    socket().hears(snapshot(1))
    await vi.advanceTimersByTimeAsync(45_000)
    expect(FakeSocket.all.length).toBeGreaterThan(1)
  })
  it('nonsense is ignored', () => {
    socket().onmessage?.({ data: '{' })
    socket().hears({ type: 'ok', re: 'unknown' })
    expect(frames).toHaveLength(0)
  })
  it('backs off 0.5 to 8 s with jitter', () => {
    for (let attempt = 0; attempt < 40; attempt++)
      for (const chance of [0, 0.5, 0.999]) {
        expect(backOffMs(attempt, chance)).toBeGreaterThanOrEqual(500)
        expect(backOffMs(attempt, chance)).toBeLessThanOrEqual(8000)
      }
    expect(backOffMs(2, 0)).not.toBe(backOffMs(2, 1))
  })
})

describe('words', () => {
  const holes = (text: string) => [...text.matchAll(/\{(\w+)/g)].map((found) => found[1]!).sort()
  for (const [name, zh, en] of [['shared', sharedZh, sharedEn], ['agent', agentZh, agentEn]] as const) {
    it(`${name}: both languages have the same keys, and no empty ones`, () => {
      expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
      for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text).not.toBe('')
    })
    it(`${name}: both languages fill the same values`, () => {
      for (const [key, text] of Object.entries(zh)) expect([key, [...new Set(holes((en as Record<string, string>)[key]!))]]).toEqual([key, [...new Set(holes(text))]])
    })
  }
  it('a missing key throws here', () => {
    const t = words({ a: 'x' }, { a: 'y' })
    expect(() => t('nothing' as 'a')).toThrow('no words')
    expect(() => fill('{n}')).toThrow('no value')
  })
  it('counts in English', () => {
    expect(fill('{n} {n|order|orders}', { n: 1 })).toBe('1 order')
    expect(fill('{n} {n|order|orders}', { n: 2 })).toBe('2 orders')
  })
})

describe('formats', () => {
  it('money', () => {
    expect(money(20550)).toBe('¥205.50')
    expect(money(5)).toBe('¥0.05')
    expect(money(201800)).toBe('¥2,018.00')
    expect(money(-150)).toBe('−¥1.50')
    expect(money(null)).toBe('')
  })
  it('telephone numbers', () => {
    expect(phone('13800138000')).toBe('138 0013 8000')
    expect(phone('+8613800138000')).toBe('138 0013 8000')
    expect(phone('02164388890')).toBe('021 6438 8890')
    expect(phone('139****2211')).toBe('139****2211')
    expect(lastFour('13800138000')).toBe('…8000')
  })
  it('durations and dates', () => {
    expect(clock(84_000)).toBe('01:24')
    expect(clock(3_723_000)).toBe('1:02:03')
    expect(clock(-5)).toBe('00:00')
    const before = language.value
    language.value = 'zh'
    expect(dateTime(new Date(2026, 10, 21, 18, 30))).toBe('2026-11-21 18:30')
    const now = new Date(2026, 10, 21, 18, 30).getTime()
    expect([soon(new Date(2026, 10, 21, 22, 0), now), soon(new Date(2027, 10, 21, 7, 2), now)]).toEqual(['22:00', '2027-11-21 07:02'])
    expect(listed(['宫保鸡丁', '米饭'])).toBe('宫保鸡丁、米饭')
    language.value = 'en'
    expect(dateTime(new Date(2026, 10, 21, 18, 30))).toBe('21 Nov 2026 18:30')
    language.value = before
  })
})

describe('c65 keyboard', () => {
  const key = (code: string, more: object = {}) => ({ code, key: '', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, isComposing: false, keyCode: 0, repeat: false, target: null, ...more }) as unknown as KeyboardEvent
  const ran: string[] = []
  const bindings: Binding[] = ['Alt+KeyA', 'F2', 'Digit1', '?'].map((keys) => ({ keys, run: () => ran.push(keys) }))
  const press = (keyboard: Keyboard, event: KeyboardEvent, at: number) => keyboard.press(event, at)?.run(event)
  const field = { closest: () => ({}) }
  beforeEach(() => (ran.length = 0))

  it('answers by position, whatever the letter there', () => {
    press(new Keyboard(() => bindings), key('KeyA', { altKey: true, key: 'å' }), 0)
    expect(ran).toEqual(['Alt+KeyA'])
  })
  it('is throttled: two presses within 300 ms answer once', () => {
    const keyboard = new Keyboard(() => bindings)
    for (const at of [0, 299, 301]) press(keyboard, key('KeyA', { altKey: true }), at)
    expect(ran).toHaveLength(2)
  })
  it('is silent while an input method is composing', () => {
    press(new Keyboard(() => bindings), key('KeyA', { altKey: true, isComposing: true }), 0)
    expect(ran).toEqual([])
  })
  it('plain keys write in fields, function keys and Alt act there', () => {
    const keyboard = new Keyboard(() => bindings)
    press(keyboard, key('Digit1', { target: field }), 0)
    press(keyboard, key('F2', { target: field }), 0)
    press(keyboard, key('KeyA', { altKey: true, target: field }), 0)
    press(keyboard, key('Digit1'), 0)
    press(keyboard, key('Numpad1'), 400)
    expect(ran).toEqual(['F2', 'Alt+KeyA', 'Digit1', 'Digit1'])
  })
  it('? is a letter, not a place', () => expect(pressedKeys(key('Slash', { key: '?', shiftKey: true }))).toBe('?'))
  it('writes keys for people', () => expect([written('Alt+KeyA'), written('Slash'), written('Digit3')]).toEqual(['Alt+A', '/', '3']))
})

describe('softphone', () => {
  it('measures levels', () => {
    expect(levelOf(new Float32Array(100))).toBe(-100)
    expect(levelOf(Float32Array.from({ length: 800 }, (_, n) => Math.sin((2 * Math.PI * n) / 80)))).toBeCloseTo(-3, 0)
  })
  it('names what is wrong with a microphone', () => {
    expect(troubleOf({ name: 'NotAllowedError' })).toBe('permission')
    expect(troubleOf({ name: 'NotFoundError' })).toBe('no_microphone')
    expect(troubleOf({ name: 'NotReadableError' })).toBe('in_use')
  })
})

describe('lock file', () => {
  const lock = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')
  it('names no addresses', () => {
    expect(lock).not.toMatch(/https?:\/\//)
    expect(lock).not.toContain('"resolved"')
  })
  it('knows rollup for every platform', () => expect(lock.match(/@rollup\/rollup-/g)!.length).toBeGreaterThanOrEqual(20))
})
