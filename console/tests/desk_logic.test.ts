// What the page decides by itself: drafts, codes, the floor folded from frames. Pure.
import { describe, expect, it } from 'vitest'
import { CODES, KEYS, keyOf, needsNote, pressKey, proposed } from '@/agent/disposition'
import { copyOrder, draftForCall, emptyDraft, emptyInvoice, fieldOf, isBlank, takeCustomer, titleTaken, toOrder, wantedAt } from '@/agent/drafts'
import { pathWords } from '@/agent/path'
import { routedWords } from '@/agent/routed'
import { applyFrame, currentCall, emptyFloor } from '@/shared/floor_state'
import type { Agent, Call, Dish, Pop } from '@/shared/wire'

const pop = (more: Partial<Pop> = {}): Pop => ({
  customer: 'c1', identity: 'caller_id', others: [], name: '王晓梅', language: 'zh-CN', member_number: '102938', level: 'gold', points: 10, points_entries: [], phones: ['13800138000'],
  addresses: [{ id: 'a1', label: null, text: '录音', branch: null, unchecked: true, recording: 'r' }, { id: 'a2', label: '家', text: '漕溪北路 88 号', branch: 1, unchecked: false, recording: null }],
  tastes: [], allergies: [], tags: [], note: '', orders: [], order_count: 0, spent_fen: 0, average_fen: 0, favourites: [], cases: [], block: null, vip: false, last_agent: null, owner: null, never: [], cart: null, ...more,
})
const call = (number: number, state: Call['state'], more: Partial<Call> = {}): Call => ({
  call: number, id: `i${number}`, state, since: '2026-11-22T04:00:00.000Z', arrived_at: '2026-11-22T04:00:00.000Z', answered_at: null, outbound: false, queue: 'order', queue_name_zh: '', queue_name_en: '', language: 'zh-CN',
  caller: '13800138000', dialled: '', waited_ms: 0, ring_until: null, path: [], reason: '', routed: '', pop: pop(), parties: [], muted: false, consult: null, from: null, notes: [], orders: [], wrap_up_until: null, proposed: null, lost: null, ended: null, ...more,
})
const agent = (state: Agent['state'], user = 'u1'): Agent => ({
  user, node: null, number: '8003', name: '李娜', role: 'agent', state, since: '', until: null, extended: 0, break_reason: null, reason: null, next: null, seat: 'browser', connected: true, queues: [], call: null, caller: null,
  today: { calls: 0, missed: 0, orders: 0, talk_ms: 0, wrap_up_ms: 0 },
})
const dishes = [{ number: 18, zh: '宫保鸡丁', en: null, pinyin: 'gbjd', price_fen: 3800, sizes: null, options: [], category: 'hot', served: true, points: null, sold_out: [], new: false }] as Dish[]

describe('c58 a draft begins from the screen pop', () => {
  it('takes cart, customer and a checked address', () => {
    const { draft } = draftForCall(call(7, 'talking', { pop: pop({ cart: { lines: [{ dish: 18, quantity: 2 }] } }) }), dishes, 'k', 'o')
    expect(draft).toMatchObject({ call: 7, customer: 'c1', phone: '13800138000', contact: '王晓梅', addressId: 'a2', branch: 1, lines: [{ dish: 18, quantity: 2 }] })
    expect(isBlank(draft)).toBe(false)
  })
  it('never overwrites what was typed', () => {
    const typed = { ...emptyDraft('k', 'o'), contact: '李先生', addressText: '人民广场' }
    expect(takeCustomer(typed, pop(), '13900000000')).toMatchObject({ contact: '李先生', addressText: '人民广场', addressId: null, phone: '13900000000' })
  })
  it('an order of before is copied with its dishes', () => {
    const order = { id: 'o1', number: '3072', placed_at: '', status: 'done', branch: 2, pay_fen: 0, lines: [{ dish: 18, quantity: 3, zh: '', en: null, price_fen: 1 }] }
    expect(copyOrder(emptyDraft('k', 'o'), order, dishes).draft).toMatchObject({ branch: 2, lines: [{ dish: 18, quantity: 3 }] })
  })
  it('sends an address by id or by text, never both, and none for pick-up', () => {
    const draft = { ...emptyDraft('k', 'o'), addressId: 'a2', addressText: 'x', phone: '138 0013 8000' }
    expect(toOrder(draft, new Date())).toMatchObject({ address_id: 'a2', phone: '13800138000', wanted_at: null })
    expect(toOrder(draft, new Date())).not.toHaveProperty('address_text')
    expect(toOrder({ ...draft, addressId: null }, new Date())).toMatchObject({ address_text: 'x' })
    expect(toOrder({ ...draft, service: 'pickup' }, new Date())).not.toHaveProperty('address_id')
  })
  it('18:30 is today, or tomorrow when it is past; 25:00 is nothing', () => {
    const now = new Date(2026, 10, 22, 17, 0)
    expect(wantedAt('18:30', now)).toBe('2026-11-22T18:30')
    expect(wantedAt('1830', now)).toBe('2026-11-22T18:30')
    expect(wantedAt('9:05', now)).toBe('2026-11-23T09:05')
    expect(wantedAt('25:00', now)).toBeNull()
    expect(wantedAt('later', now)).toBeNull()
  })
  it('every problem has a field', () => {
    expect(fieldOf({ code: 'sold_out', dish: 18 })).toBe('dish')
    expect(fieldOf({ code: 'outside' })).toBe('address')
    expect(fieldOf({ code: 'closed' })).toBe('branch')
    expect(fieldOf({ code: 'too_small' })).toBe('total')
  })
})

describe('c64 disposition', () => {
  it('every code has a key and every key its codes', () => {
    expect(KEYS.flatMap((one) => one.codes).sort()).toEqual([...CODES].sort())
    for (const code of CODES) expect(keyOf(code)).not.toBeNull()
  })
  it('a key goes through its codes; 下单 knows pick-up', () => {
    expect(pressKey(1, null, 'delivery')).toBe(10)
    expect(pressKey(1, null, 'pickup')).toBe(11)
    expect(pressKey(1, 10, 'delivery')).toBe(11)
    expect(pressKey(5, null, null)).toBe(31)
    expect(pressKey(5, 32, null)).toBe(33)
  })
  it('62, 33 and 71 need a note, others do not', () => expect(CODES.filter(needsNote)).toEqual([33, 62, 71]))
  it('is proposed by the server, else by what happened', () => {
    expect(proposed(call(1, 'wrap_up', { proposed: 22 }), null)).toBe(22)
    expect(proposed(call(1, 'wrap_up', { orders: ['3087'] }), 'pickup')).toBe(11)
    expect(proposed(call(1, 'wrap_up'), 'delivery')).toBeNull()
  })
})

describe('i9 the floor from frames', () => {
  const begun = () => {
    const state = emptyFloor()
    applyFrame(state, { type: 'snapshot', seq: 1, at: '2026-11-22T04:00:05.000Z', me: agent('available'), calls: [], queues: { queues: [], waiting: [] }, agents: [agent('available', 'u2')], node: 'a', nodes: [], store_away: false, version: '0.2.0' }, Date.parse('2026-11-22T04:00:00.000Z'))
    return state
  }
  const at = '2026-11-22T04:00:06.000Z'
  it('knows the clock of the server', () => expect(begun().skew).toBe(5000))
  it('rings, and the card is there at once', () => {
    const state = begun()
    applyFrame(state, { type: 'call.ring', seq: 2, at, call: call(7, 'ringing') }, 1)
    expect(currentCall(state)?.pop.name).toBe('王晓梅')
  })
  it('a late withdrawal never takes away an answered call', () => {
    const state = begun()
    applyFrame(state, { type: 'call.ring', seq: 2, at, call: call(7, 'ringing') }, 1)
    applyFrame(state, { type: 'call.state', seq: 3, at, call: call(7, 'talking') }, 1)
    applyFrame(state, { type: 'call.withdrawn', seq: 4, at, call: 7, why: 'taken' }, 1)
    expect(currentCall(state)?.state).toBe('talking')
  })
  it('a withdrawal ends the ring', () => {
    const state = begun()
    applyFrame(state, { type: 'call.ring', seq: 2, at, call: call(7, 'ringing') }, 1)
    applyFrame(state, { type: 'call.withdrawn', seq: 3, at, call: 7, why: 'caller_gone' }, 1)
    expect(currentCall(state)).toBeNull()
    expect(state.withdrawn).toEqual({ call: 7, why: 'caller_gone' })
  })
  it('C70 the other nodes of the house: their lines with ours, their agents beside ours, and ourselves never from there', () => {
    const state = emptyFloor()
    const at = '2026-11-22T04:00:05.000Z'
    const queue = { queue: 'order', name_zh: '订餐', name_en: 'Orders', waiting: 1, longest_since: at, agents: 2, ready: 1, offered: 9, answered: 8, answered_in_time: 7, abandoned: 1, abandoned_short: 0 }
    const waits = { call: 4, queue: 'order', caller: null, name: '', level: null, since: at, place: 1, priority: 0, kept_for: null, is_callback: false }
    const node = { node: 'b', silent_since: null, reachable: true, queues: [{ ...queue, longest_since: '2026-11-22T04:00:01.000Z' }], waiting: [waits] }
    applyFrame(state, { type: 'snapshot', seq: 1, at, me: agent('available'), calls: [], queues: { queues: [queue], waiting: [waits] }, agents: [], node: 'a', nodes: [node], store_away: false, version: '' }, 1)
    expect(state.queues.queues).toMatchObject([{ waiting: 2, agents: 4, offered: 18, longest_since: '2026-11-22T04:00:01.000Z' }])
    expect(state.queues.waiting.map((one) => one.node ?? 'ours')).toEqual(['ours', 'b'])
    applyFrame(state, { type: 'agent.state', seq: 2, at, ...agent('break'), node: 'b' }, 1, 'u1')
    expect(state.me?.state).toBe('available')
    applyFrame(state, { type: 'queues', seq: 3, at, queues: [{ ...queue, waiting: 0, longest_since: null }], waiting: [] }, 1)
    expect(state.queues.queues[0]).toMatchObject({ waiting: 1, longest_since: '2026-11-22T04:00:01.000Z' })
    applyFrame(state, { type: 'node.gone', seq: 4, at, node: 'b' }, 1)
    expect(state.queues).toMatchObject({ queues: [{ waiting: 0 }], waiting: [] })
  })

  it('a snapshot replaces everything: calls that ended meanwhile are gone', () => {
    const state = begun()
    applyFrame(state, { type: 'call.state', seq: 2, at, call: call(7, 'talking') }, 1)
    applyFrame(state, { type: 'snapshot', seq: 9, at, me: agent('wrap_up'), calls: [call(8, 'wrap_up')], queues: { queues: [], waiting: [] }, agents: [], node: 'a', nodes: [], store_away: true, version: '0.2.0' }, 1)
    expect(Object.keys(state.calls)).toEqual(['8'])
    expect(state.storeAway).toBe(true)
    expect(state.agents.u2).toBeUndefined()
  })
  it('a closed call and a signed-off agent disappear', () => {
    const state = begun()
    applyFrame(state, { type: 'call.state', seq: 2, at, call: call(7, 'talking') }, 1)
    applyFrame(state, { type: 'call.state', seq: 3, at, call: call(7, 'closed') }, 1)
    applyFrame(state, { type: 'agent.state', seq: 4, at, ...agent('offline', 'u2') }, 1)
    expect(currentCall(state)).toBeNull()
    expect(state.agents.u2).toBeUndefined()
  })
  it('what is spoken comes before what rings and what is summed up', () => {
    const state = begun()
    for (const [number, name] of [[1, 'wrap_up'], [2, 'ringing'], [3, 'held']] as const) applyFrame(state, { type: 'call.state', seq: number, at, call: call(number, name) }, 1)
    expect(currentCall(state)?.call).toBe(3)
  })
  it('my first state after signing on becomes me', () => {
    const state = emptyFloor()
    applyFrame(state, { type: 'agent.state', seq: 4, at, ...agent('available') }, 1, 'u1')
    expect(state.me?.state).toBe('available')
  })
})

describe('c59 what brought the caller here', () => {
  it('says once that a person was asked for, where that was last', () => {
    expect(pathWords(['main', 'agent', 'main', 'order', 'agent'])).toBe('主菜单 → 点餐 → 转人工')
    expect(pathWords(['agent', 'agent'])).toBe('转人工')
  })
  it('why this agent is told in the language of the page', () => {
    expect(routedWords('the last agent is ready')).toBe('上次接待的座席 空闲')
    expect(routedWords('the owner (8003) is on a break; longest-idle of 2')).toBe('专属座席 (8003) 在小休；空闲最久（2 人中）')
    expect(routedWords('something new')).toBe('something new')
    expect(routedWords('')).toBe('')
  })
  it('an address outside the zone goes with who allowed it and why, deliveries only', () => {
    const draft = { ...emptyDraft('k', 'o'), addressText: '松江新城', override: { who: '王主管', why: '老客户' } }
    expect(toOrder(draft, new Date()).override).toEqual({ who: '王主管', why: '老客户' })
    expect(toOrder({ ...draft, service: 'pickup' }, new Date()).override).toBeUndefined()
    expect(toOrder(emptyDraft('k', 'o'), new Date()).override).toBeUndefined()
  })
})

describe('invoices', () => {
  it('C91 go with the order when they are asked for, to the mobile that orders', () => {
    const draft = { ...emptyDraft('k', 'o'), phone: '138 0013 8000' }
    expect(toOrder(draft, new Date())).not.toHaveProperty('invoice')
    const invoice = emptyInvoice(draft.phone)
    expect(invoice).toMatchObject({ kind: 'company', phone: '13800138000' })
    expect(emptyInvoice('021-64380001').phone).toBe('')
    expect(toOrder({ ...draft, invoice }, new Date()).invoice).toEqual(invoice)
    expect(fieldOf({ code: 'invoice' })).toBe('invoice')
  })
  it('C91 are made out as before, and sent where it was typed when nothing else is known', () => {
    const typed = { ...emptyInvoice('13800138000'), email: 'new@example.com' }
    const before = { kind: 'company' as const, title: '某公司', tax_number: '91110000600037341L', email: null, phone: null }
    expect(titleTaken(typed, before)).toEqual({ kind: 'company', title: '某公司', tax_number: '91110000600037341L', email: 'new@example.com', phone: '13800138000' })
  })
})
