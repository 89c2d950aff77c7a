// The wire between console and server, as types (docs/api.md). Money is whole fen, times are RFC 3339 in UTC.

export type Role = 'agent' | 'dispatcher' | 'branch' | 'supervisor' | 'manager' | 'administrator'

export type AgentStateName =
  | 'offline'
  | 'not_ready'
  | 'available'
  | 'ringing'
  | 'on_call'
  | 'hold'
  | 'wrap_up'
  | 'break'
  | 'not_responding'
  | 'outbound'

export interface Me {
  user: string
  name: string
  number: string
  role: Role
  language: 'zh-CN' | 'en'
  queues: string[]
  breaks: string[]
  must_change_password: boolean
  demo: boolean
  ring_seconds: number
  break_minutes: Record<string, number>
  thresholds: Thresholds
}

/** When a number turns amber and when red (voice-and-console 3.8; `[wall]` of the settings). */
export interface Thresholds {
  waiting: [number, number]
  longest_s: [number, number]
  /** Percent; lower is worse. */
  in_time: [number, number]
  /** Percent. */
  abandoned: [number, number]
  /** A call this long is marked, seconds. */
  long_call_s: number
}

export interface Agent {
  user: string
  /** The other node at which they are signed on; none: at the one that we are connected with. */
  node: string | null
  number: string
  name: string
  role: Role
  state: AgentStateName
  since: string
  until: string | null
  extended: number
  break_reason: string | null
  reason: string | null
  next: string | null
  seat: string | null
  connected: boolean
  queues: string[]
  call: number | null
  caller: string | null
  today: { calls: number; missed: number; orders: number; talk_ms: number; wrap_up_ms: number }
}

export type CallStateName = 'ringing' | 'talking' | 'held' | 'consulting' | 'conference' | 'dialling' | 'wrap_up' | 'closed'
export type Supervision = 'listen' | 'whisper' | 'barge' | 'take_over'

export interface Party {
  kind: 'caller' | 'agent' | 'consulted' | 'supervisor'
  name: string
  how: Supervision | null
}

export interface Call {
  call: number
  id: string
  state: CallStateName
  since: string
  arrived_at: string
  answered_at: string | null
  outbound: boolean
  queue: string | null
  queue_name_zh: string
  queue_name_en: string
  language: string
  caller: string | null
  dialled: string
  waited_ms: number
  ring_until: string | null
  path: string[]
  reason: string
  routed: string
  pop: Pop
  parties: Party[]
  muted: boolean
  consult: { with: string; state: 'ringing' | 'talking' | 'failed' } | null
  from: { name: string; note: string } | null
  notes: string[]
  orders: string[]
  wrap_up_until: string | null
  proposed: number | null
  lost: { what: 'media' | 'page'; until: string } | null
  ended: string | null
}

export interface CartLine {
  dish: number
  quantity: number
  size?: string | null
  spice?: string | null
  note?: string | null
}

export interface PastLine extends CartLine {
  zh: string
  en: string | null
  price_fen: number
}

export interface PastOrder {
  id: string
  number: string
  placed_at: string
  status: string
  branch: number
  pay_fen: number
  lines: PastLine[]
}

export interface Address {
  id: string
  label: string | null
  text: string
  branch: number | null
  unchecked: boolean
  recording: string | null
}

/** How a number is blocked, the strictest first (C89). */
export type BlockLevel = 'decline' | 'busy' | 'hard' | 'message' | 'soft' | 'agent' | 'no_cash'

export interface Pop {
  customer: string | null
  identity: 'member' | 'keyed_phone' | 'caller_id' | 'unknown'
  others: { id: string; name: string }[]
  name: string
  language: string
  member_number: string | null
  level: string | null
  points: number | null
  points_entries: { at: string; points: number; why: string }[]
  phones: string[]
  addresses: Address[]
  tastes: string[]
  allergies: string[]
  tags: string[]
  note: string
  orders: PastOrder[]
  order_count: number
  spent_fen: number
  average_fen: number
  favourites: { dish: number; portions: number; times: number }[]
  cases: { number: string; kind: string; at: string }[]
  block: BlockLevel | null
  vip: boolean
  last_agent: { user: string; name: string; at: string } | null
  owner: string | null
  never: string[]
  cart: { lines: CartLine[] } | null
}

export interface Queue {
  queue: string
  name_zh: string
  name_en: string
  waiting: number
  longest_since: string | null
  agents: number
  ready: number
  offered: number
  answered: number
  answered_in_time: number
  abandoned: number
  abandoned_short: number
}

export interface Waiting {
  call: number
  queue: string
  caller: string | null
  name: string
  level: string | null
  since: string
  place: number
  priority: number
  kept_for: string | null
  is_callback: boolean
  /** Put here by the page: the other node at which they wait. */
  node?: string
}

export interface Queues {
  queues: Queue[]
  waiting: Waiting[]
}

/** Another node of the house, as far as it has told; its agents come among ours. */
export interface NodeView extends Queues {
  node: string
  /** Nothing was heard of it since then. */
  silent_since: string | null
  /** Its agents can be consulted, and callers passed on to them. */
  reachable: boolean
}

export interface Dish {
  number: number
  zh: string
  en: string | null
  pinyin: string
  price_fen: number
  sizes: Record<string, number> | null
  options: string[]
  category: string
  served: boolean
  points: number | null
  sold_out: (number | null)[]
  new: boolean
}

export interface Branch {
  number: number
  zh: string
  en: string | null
  address_zh: string
  address_en: string | null
  transit_zh: string
  transit_en: string | null
  phone: string
  open: boolean
  opens_at: string | null
  closes_at: string | null
  delivery_minutes: number
  pickup_minutes: number
  min_delivery_fen: number
  delivery_fee_fen: number
}

export interface Catalogue {
  version: number | string
  currency: string
  levels: { id: string; zh: string; en: string | null; discount_percent: number }[]
  categories: { id: string; zh: string; en: string | null }[]
  dishes: Dish[]
  branches: Branch[]
  offers: { id: string; zh: string; en: string | null }[]
}

export interface OrderDraft {
  customer?: string | null
  member?: string | null
  phone: string
  contact: string
  service: 'delivery' | 'pickup'
  branch?: number | null
  address_id?: string | null
  address_text?: string | null
  wanted_at: string | null
  lines: CartLine[]
  points?: boolean
  note?: string
  override?: { who: string; why: string }
  invoice?: InvoiceIn
}

/** Who an invoice is made out to (C91). */
export interface InvoiceIn {
  kind: 'person' | 'company'
  title: string
  tax_number: string
  email: string
  phone: string
}

/** An order's request for one, as far as it is. */
export interface Invoice {
  kind: 'person' | 'company'
  title: string
  tax_number: string | null
  email: string | null
  phone: string | null
  order: string
  number: string
  status: 'asked' | 'exported' | 'issued' | 'failed' | 'withdrawn'
  asked_at: string
  asked_by: string
  amount_fen: number
  batch: string | null
  told: string
  changed_at: string
  order_status: string
  delivered: boolean
  /** Something was missing or spilled (D82): a person says when it goes out. */
  in_doubt: boolean
}

export interface Quote {
  lines: (CartLine & { price_fen: number })[]
  goods_fen: number
  discounts: { why: string; zh: string; en: string; off_fen: number }[]
  fee_fen: number
  points_fen: number
  pay_fen: number
  promised_at: string | null
  /** The branch that would cook. */
  branch?: number | null
  problems: { code: string; zh: string; en: string; dish?: number }[]
}

export interface Placed {
  id: string
  number: string
  pay_fen: number
  promised_at: string | null
}

export interface Missed {
  id: string
  at: string
  phone: string
  name: string
  kind: 'abandoned' | 'missed' | 'callback_failed' | 'voicemail' | 'cut_off' | 'care'
  queue: string
  customer?: string | null
  times?: number
  /** What whoever calls is to ask. */
  note?: string
  taken_by: string | null
  taken_by_name?: string | null
  done: { at: string; how: string; by: string } | boolean | null
}

export interface FoundCustomer {
  id: string
  name: string
  member_number: string | null
  level: string | null
  phones: string[]
  last_order_at: string | null
}

export interface TimelineEntry {
  at: string
  kind: 'call' | 'order' | 'case' | 'note' | 'block'
  [more: string]: unknown
}

export interface CustomerPage {
  /** MM-DD. */
  birthday?: string | null
  pop: Pop
  timeline: TimelineEntry[]
}

/** Frames that the server sends. */
export type Frame =
  | { type: 'ok'; re: string }
  | { type: 'error'; re: string | null; problem: string; detail: string }
  | {
      type: 'snapshot'
      seq: number
      at: string
      me: Agent | null
      calls: Call[]
      queues: Queues
      agents: Agent[]
      node: string
      nodes: NodeView[]
      store_away: boolean
      version: string
    }
  | ({ type: 'agent.state'; seq: number; at: string } & Agent)
  | { type: 'call.ring'; seq: number; at: string; call: Call }
  | { type: 'call.state'; seq: number; at: string; call: Call }
  | { type: 'call.withdrawn'; seq: number; at: string; call: number; why: string }
  | ({ type: 'queues'; seq: number; at: string } & Queues)
  | ({ type: 'node'; seq: number; at: string } & NodeView)
  | { type: 'node.gone'; seq: number; at: string; node: string }
  | { type: 'media.answer'; sdp: string }
  | { type: 'media.state'; connected: boolean; loss_percent: number; rtt_ms: number }
  | { type: 'taken_over' }
  | { type: 'supervised'; by: string; how: Supervision | null }
  | { type: 'store'; away: boolean }
  | { type: 'resync' }
  | { type: 'signed_out'; why: string }
  | { type: 'pong' }
  | { type: 'phone.answer'; sdp: string }
  | { type: 'phone.talking' }
  | { type: 'phone.ended'; why: string }
