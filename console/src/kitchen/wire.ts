// The wire of the kitchen: cards of orders, tasks, branches and riders (docs/api.md). Money is whole fen, times are ms since 1970.
import type { Role } from '@/shared/wire'

export type Status = 'new' | 'address_check' | 'accepted' | 'cooking' | 'ready' | 'out' | 'done' | 'cancelled'
export type Owner = 'clock' | 'branch' | 'headquarters' | 'rider' | 'nobody'

export interface CardLine {
  dish: number
  zh: string
  en: string | null
  quantity: number
  size: string | null
  spice: string | null
  note: string | null
  price_fen: number
  amount_fen: number
}

export type PendingLine = Pick<CardLine, 'dish' | 'quantity' | 'size' | 'spice' | 'note'> & Partial<Pick<CardLine, 'zh' | 'en'>>

export interface Pending {
  kind: 'cancel' | 'edit'
  why: string
  by: string
  at: number
  /** As it should become; names are those of the dishes. */
  lines?: PendingLine[]
}

export interface Outcome {
  code: string
  minutes_late: number | null
  by: string
  at: number
  /** Until when the one who said it may correct it. */
  until: number | null
}

/** All that boards know of one order. */
export interface Card {
  id: string
  number: string
  tail: string
  status: Status
  life: number
  version: number
  stage: number
  owner: Owner
  due_at: number | null
  ring: boolean
  loud: boolean
  via: string
  language: string
  branch: number | null
  branch_why: string | null
  refused_by: number[]
  fulfilment: 'delivery' | 'pickup'
  name: string
  phone: string
  level: string | null
  orders_before: number
  allergies: string[]
  /** Empty when it was spoken and nobody has written it down, and for pickups. */
  address: string
  address_id: string | null
  recording: string | null
  zone: string | null
  outside: boolean
  lines: CardLine[]
  remark: string
  note_recording: string | null
  goods_fen: number
  discounts: { kind: string; subject: string | null; percent: number | null; count: number | null; amount_fen: number }[]
  fee_fen: number
  pay_fen: number
  placed_at: number
  promised_at: number | null
  wanted_at: number | null
  release_at: number | null
  sent_at: number | null
  seen_at: number | null
  accepted_at: number | null
  cooking_at: number | null
  ready_at: number | null
  out_at: number | null
  done_at: number | null
  rider: { id: string; name: string } | null
  outcome: Outcome | null
  /** How often the guest was not reached at the door. */
  attempts: number
  /** Until when the food is kept for the guest. */
  held_until: number | null
  /** How often the guest moved it to another time. */
  rescheduled: number
  /** What its branch has run out of, while the guest is to be offered something else (D83); empty when nobody said what. */
  lacks: number[] | null
  /** When it is expected, while that is too late (C88). */
  expected_at: number | null
  pending: Pending | null
  urged_at: number | null
  undo_until: number | null
  agent_name: string
}

export interface Task {
  id: string
  kind: string
  order: string | null
  number: string | null
  branch: number | null
  at: number
  due_at: number | null
  words: { code: string; [more: string]: unknown }
  taken_by: string | null
  taken_name: string | null
  done_at: number | null
  done_how: string | null
}

export interface Branch {
  number: number
  zh: string
  en: string | null
  phone: string
  open: boolean
  closes_at: string | number | null
  online: boolean
  silent_since: number | null
  /** Without `until`: until somebody opens it again. */
  paused: { until: number | null; reason: string; by: string } | null
  open_orders: number
  load_minutes: number
  /** Of what it can make in this quarter of an hour; none without a limit. */
  capacity_percent: number | null
  sold_out: { dish: number; until: number | string | null }[]
  printer: { state: 'none' | 'ok' | 'away' | 'paper'; waiting: number } | null
  today: { orders: number; fen: number; late: number; refused: number }
}

export interface Rider {
  id: string
  branch: number
  name: string
  phone: string
  state: 'in' | 'out'
  out_with: string[]
  due_fen: number
  since: number
}

export interface Seat {
  role: Role
  branch: number | null
  name: string
}

export type BoardFrame =
  | { type: 'snapshot'; seq: number; at: number; me: Seat; orders: Card[]; tasks: Task[]; branches: Branch[]; riders: Rider[] }
  | { type: 'order'; seq: number; order: Card }
  | { type: 'task'; seq: number; task: Task }
  | { type: 'branch'; seq: number; branch: Branch }
  | { type: 'rider'; seq: number; rider: Rider }
  | { type: 'signed_out'; why: string }

/** One row of an order's timeline. */
export interface LifeEvent {
  at: number
  kind: string
  by: string
  by_kind: string
  data: Record<string, unknown> | null
}

/** A branch that could take an order over. */
export interface Suggestion {
  branch: number
  covers: boolean
  open: boolean
  load_minutes: number
  expected_minutes: number
  missing: number[]
  distance_m: number | null
  best: boolean
}

export interface SlipLine {
  text: string
  big?: boolean
  bold?: boolean
  align?: 'left' | 'center' | 'right'
}
export interface Slip {
  width: number
  lines: SlipLine[]
  barcode?: string | null
}
