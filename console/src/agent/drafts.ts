// An order that is being written: what it holds, how it begins from a screen pop, what is sent. Pure.
import type { Call, Dish, Invoice, InvoiceIn, OrderDraft, PastOrder, Placed, Pop } from '@/shared/wire'
import { linesFrom, type Line } from './order_entry'

export interface Draft {
  /** Names the draft on the server. */
  key: string
  /** The order's idempotency key: renewed when a refused order is changed, kept while the outcome is unknown. */
  orderKey: string
  call: number | null
  customer: string | null
  member: string | null
  phone: string
  contact: string
  service: 'delivery' | 'pickup'
  branch: number | null
  addressId: string | null
  addressText: string
  /** `''` is as soon as possible, else `HH:MM`. */
  wanted: string
  points: boolean
  note: string
  lines: Line[]
  /** Why an address outside the zone is served, and who said so. */
  override?: { who: string; why: string } | null
  /** The guest wants an invoice. */
  invoice?: InvoiceIn | null
  placed: Placed | null
  /** Sent, and nobody knows whether it arrived: only the same again may be sent. */
  uncertain: boolean
}

export function emptyDraft(key: string, orderKey: string): Draft {
  return {
    key,
    orderKey,
    call: null,
    customer: null,
    member: null,
    phone: '',
    contact: '',
    service: 'delivery',
    branch: null,
    addressId: null,
    addressText: '',
    wanted: '',
    points: false,
    note: '',
    lines: [],
    placed: null,
    uncertain: false,
  }
}

/** Puts a customer into a draft without touching what was typed. */
export function takeCustomer(draft: Draft, pop: Pop, caller: string | null): Draft {
  const address = pop.addresses.find((one) => !one.unchecked) ?? pop.addresses[0]
  const typed = draft.addressText !== '' || draft.addressId !== null
  return {
    ...draft,
    customer: pop.customer,
    member: pop.member_number,
    phone: draft.phone || caller || pop.phones[0] || '',
    contact: draft.contact || pop.name,
    ...(typed || !address ? {} : { addressId: address.id, addressText: address.text, branch: draft.branch ?? address.branch }),
  }
}

/** The draft that a call begins with: the unfinished cart if there is one. */
export function draftForCall(call: Call, dishes: readonly Dish[], key: string, orderKey: string): { draft: Draft; missing: number[] } {
  const { lines, missing } = linesFrom(call.pop.cart?.lines ?? [], dishes)
  return { draft: takeCustomer({ ...emptyDraft(key, orderKey), call: call.call, lines }, call.pop, call.caller), missing }
}

/** The same dishes as an order of before. */
export function copyOrder(draft: Draft, order: PastOrder, dishes: readonly Dish[]): { draft: Draft; missing: number[] } {
  const { lines, missing } = linesFrom(order.lines, dishes)
  return { draft: { ...draft, lines, branch: draft.branch ?? order.branch }, missing }
}

/** Nothing in it that anybody would miss. */
export function isBlank(draft: Draft): boolean {
  return draft.lines.length === 0 && draft.note === '' && draft.wanted === '' && !draft.uncertain
}

/** Worth asking about before a hang-up. */
export const isUnsaved = (draft: Draft | null) => !!draft && !draft.placed && draft.lines.length > 0

/** `18:30` today; the past means tomorrow. Null when it is no time. */
export function wantedAt(text: string, now: Date): string | null {
  const found = /^(\d{1,2})[:：](\d{2})$/.exec(text.trim()) ?? /^(\d{1,2})(\d{2})$/.exec(text.trim())
  if (!found) return null
  const [hour, minute] = [Number(found[1]), Number(found[2])]
  if (hour > 23 || minute > 59) return null
  const day = new Date(now)
  if (hour * 60 + minute < now.getHours() * 60 + now.getMinutes()) day.setDate(day.getDate() + 1)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T${two(hour)}:${two(minute)}`
}

/** What the server is asked for. */
export function toOrder(draft: Draft, now: Date): OrderDraft {
  return {
    customer: draft.customer,
    member: draft.member,
    phone: draft.phone.replace(/[\s-]/g, ''),
    contact: draft.contact.trim(),
    service: draft.service,
    ...(draft.branch === null ? {} : { branch: draft.branch }),
    ...(draft.service === 'delivery'
      ? draft.addressId
        ? { address_id: draft.addressId }
        : { address_text: draft.addressText.trim() }
      : {}),
    wanted_at: draft.wanted === '' ? null : wantedAt(draft.wanted, now),
    lines: draft.lines.map((line) => ({
      dish: line.dish,
      quantity: line.quantity,
      ...(line.size ? { size: line.size } : {}),
      ...(line.spice ? { spice: line.spice } : {}),
      ...(line.note ? { note: line.note } : {}),
    })),
    points: draft.points,
    note: draft.note.trim(),
    ...(draft.service === 'delivery' && draft.override ? { override: draft.override } : {}),
    ...(draft.invoice ? { invoice: draft.invoice } : {}),
  }
}

/** An invoice that begins to be written down: most are for companies, and go to the mobile that orders. */
export function emptyInvoice(phone: string): InvoiceIn {
  const digits = phone.replace(/[\s-]/g, '')
  return { kind: 'company', title: '', tax_number: '', email: '', phone: /^1\d{10}$/.test(digits) ? digits : '' }
}

/** The request of before as it can be changed. */
export function toInvoice(asked: Pick<Invoice, 'kind' | 'title' | 'tax_number' | 'email' | 'phone'>): InvoiceIn {
  return { kind: asked.kind, title: asked.title, tax_number: asked.tax_number ?? '', email: asked.email ?? '', phone: asked.phone ?? '' }
}

/** Made out as before; where it goes stays as typed, where that was typed. */
export function titleTaken(typed: InvoiceIn, before: Pick<Invoice, 'kind' | 'title' | 'tax_number' | 'email' | 'phone'>): InvoiceIn {
  const known = toInvoice(before)
  return { ...known, email: known.email || typed.email, phone: known.phone || typed.phone }
}

/** Which field a problem of the quote belongs to. */
export function fieldOf(problem: { code: string; dish?: number | null }): 'dish' | 'address' | 'branch' | 'time' | 'phone' | 'points' | 'invoice' | 'total' {
  if (problem.dish !== undefined && problem.dish !== null) return 'dish'
  const code = problem.code
  if (code === 'invoice') return 'invoice'
  if (/address|outside|zone/.test(code)) return 'address'
  if (/phone|contact|number/.test(code)) return 'phone'
  if (/time|late|early|wanted|past|too_far/.test(code)) return 'time'
  if (/closed|branch|capacity|full/.test(code)) return 'branch'
  if (/points|member/.test(code)) return 'points'
  if (/dish|sold|empty|line/.test(code)) return 'dish'
  return 'total'
}
