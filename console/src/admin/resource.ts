// What an administration page needs to know of a thing that can be listed, made, changed and taken away.
import type { Role } from '@/shared/wire'

export type Row = Record<string, unknown>

export interface Field {
  key: string
  /** `yuan` is typed in yuan and sent in fen; `list` is typed with commas and sent as a list. */
  kind: 'text' | 'number' | 'yuan' | 'select' | 'tick' | 'list' | 'lines'
  /** Only when it is made. */
  once?: boolean
  needed?: boolean
  /** Taken from the named choices of the page: branches, roles … */
  options?: readonly string[] | 'branches' | 'roles' | 'queues'
  /** Value of a new one. */
  first?: unknown
}

export interface Resource {
  name: string
  /** Who may see it; the first word of the help. */
  roles: readonly Role[]
  /** Who may change it. */
  edit: readonly Role[]
  list: string
  /** Where the list lies in the answer, when it is not the answer itself. */
  at?: string
  id: string
  columns: readonly string[]
  fields: readonly Field[]
  /** Making one: method and address; none when it cannot be. */
  add?: readonly ['POST' | 'PUT', string]
  /** Changing one; `{id}` is put in. */
  change?: readonly ['PATCH' | 'PUT', string]
  /** Changing one sends all of it, not only what is different. */
  whole?: boolean
  remove?: string
  /** Fields of the answer of making one that are told this once: a password, a code. */
  told?: readonly string[]
  /** More that may be done with one. */
  deeds?: readonly { name: string; path: string; body?: Row; told?: readonly string[] }[]
}

const HEADS: readonly Role[] = ['administrator']
const HOUSE: readonly Role[] = ['manager', 'administrator']
const KITCHEN: readonly Role[] = ['dispatcher', 'supervisor', 'manager', 'administrator']

export const RESOURCES: readonly Resource[] = [
  {
    name: 'dishes', roles: KITCHEN, edit: HOUSE, list: '/api/catalogue', at: 'dishes', id: 'number', columns: ['number', 'zh', 'en', 'pinyin', 'price_fen', 'category'],
    fields: [{ key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text' }, { key: 'price_fen', kind: 'yuan', needed: true }], change: ['PUT', '/api/dishes/{id}'],
  },
  {
    name: 'branches', roles: KITCHEN, edit: HOUSE, list: '/api/catalogue', at: 'branches', id: 'number', columns: ['number', 'zh', 'en', 'phone', 'opens_at', 'closes_at', 'delivery_minutes', 'min_delivery_fen', 'delivery_fee_fen'],
    fields: [
      { key: 'zh', kind: 'text', needed: true }, { key: 'en', kind: 'text' }, { key: 'phone', kind: 'text' }, { key: 'address_zh', kind: 'text' }, { key: 'address_en', kind: 'text' }, { key: 'transit_zh', kind: 'text' }, { key: 'transit_en', kind: 'text' },
      { key: 'delivery_minutes', kind: 'number' }, { key: 'pickup_minutes', kind: 'number' }, { key: 'min_delivery_fen', kind: 'yuan' }, { key: 'delivery_fee_fen', kind: 'yuan' },
    ],
    change: ['PUT', '/api/branches/{id}'],
  },
  {
    name: 'zones', roles: KITCHEN, edit: HOUSE, list: '/api/zones', id: 'id', columns: ['branch', 'name', 'kind', 'fee_fen', 'min_fen', 'minutes'],
    fields: [
      { key: 'branch', kind: 'select', options: 'branches', needed: true }, { key: 'name', kind: 'text', needed: true }, { key: 'kind', kind: 'select', options: ['keywords', 'streets', 'polygon'], first: 'keywords', needed: true },
      { key: 'lines', kind: 'lines', needed: true }, { key: 'fee_fen', kind: 'yuan' }, { key: 'min_fen', kind: 'yuan' }, { key: 'minutes', kind: 'number' },
    ],
    add: ['POST', '/api/zones'], change: ['PUT', '/api/zones/{id}'], whole: true, remove: '/api/zones/{id}',
  },
  {
    name: 'devices', roles: KITCHEN, edit: [...HOUSE, 'dispatcher', 'supervisor'], list: '/api/devices', id: 'id', columns: ['branch', 'name', 'tied', 'seen_at', 'created_at'],
    fields: [{ key: 'branch', kind: 'select', options: 'branches', needed: true, once: true }, { key: 'name', kind: 'text', needed: true, once: true }],
    add: ['POST', '/api/devices'], remove: '/api/devices/{id}', told: ['code'],
  },
  {
    name: 'printers', roles: KITCHEN, edit: HOUSE, list: '/api/printers', id: 'id', columns: ['branch', 'name', 'address', 'state', 'waiting', 'disabled'],
    fields: [
      { key: 'branch', kind: 'select', options: 'branches', needed: true }, { key: 'name', kind: 'text', needed: true }, { key: 'address', kind: 'text', needed: true }, { key: 'width', kind: 'select', options: ['32', '48'], first: 48 },
      { key: 'slips', kind: 'list', first: ['kitchen', 'packing', 'delivery'] }, { key: 'buzzer', kind: 'tick' }, { key: 'disabled', kind: 'tick' },
    ],
    add: ['PUT', '/api/printers'], change: ['PUT', '/api/printers'], whole: true,
  },
  {
    name: 'riders', roles: KITCHEN, edit: KITCHEN, list: '/api/riders', id: 'id', columns: ['branch', 'name', 'phone', 'state', 'due_fen'],
    fields: [{ key: 'branch', kind: 'select', options: 'branches', needed: true, once: true }, { key: 'name', kind: 'text', needed: true }, { key: 'phone', kind: 'text' }],
    add: ['POST', '/api/riders'], change: ['PATCH', '/api/riders/{id}'], deeds: [{ name: 'retire', path: 'PATCH /api/riders/{id}', body: { retired: true } }],
  },
  {
    name: 'users', roles: HOUSE, edit: HEADS, list: '/api/users', id: 'id', columns: ['login', 'name', 'number', 'role', 'queues', 'branch', 'disabled'],
    fields: [
      { key: 'login', kind: 'text', needed: true, once: true }, { key: 'name', kind: 'text', needed: true }, { key: 'number', kind: 'text' }, { key: 'role', kind: 'select', options: 'roles', first: 'agent', needed: true },
      { key: 'queues', kind: 'list' }, { key: 'skills', kind: 'text' }, { key: 'account', kind: 'text' }, { key: 'phone_password', kind: 'text' }, { key: 'branch', kind: 'select', options: 'branches' },
      { key: 'language', kind: 'select', options: ['zh-CN', 'en'], first: 'zh-CN' }, { key: 'disabled', kind: 'tick' },
    ],
    add: ['POST', '/api/users'], change: ['PATCH', '/api/users/{id}'], told: ['password'], deeds: [{ name: 'reset', path: 'POST /api/users/{id}/reset', told: ['password'] }],
  },
  {
    name: 'tokens', roles: HEADS, edit: HEADS, list: '/api/tokens', id: 'id', columns: ['name', 'role', 'created_at'],
    fields: [{ key: 'name', kind: 'text', needed: true, once: true }, { key: 'role', kind: 'select', options: 'roles', first: 'manager', once: true }],
    add: ['POST', '/api/tokens'], remove: '/api/tokens/{id}', told: ['token'],
  },
  {
    name: 'webhooks', roles: HEADS, edit: HEADS, list: '/api/webhooks', id: 'id', columns: ['name', 'url', 'kinds', 'active', 'after', 'behind', 'failures'],
    fields: [{ key: 'name', kind: 'text', needed: true }, { key: 'url', kind: 'text', needed: true }, { key: 'kinds', kind: 'list' }, { key: 'active', kind: 'tick', first: true }, { key: 'after', kind: 'number' }],
    add: ['POST', '/api/webhooks'], change: ['PATCH', '/api/webhooks/{id}'], remove: '/api/webhooks/{id}', told: ['secret'],
  },
  {
    name: 'history', roles: HOUSE, edit: HOUSE, list: '/api/admin-changes', id: 'id', columns: ['at', 'by', 'kind', 'subject', 'before', 'after'], fields: [],
    deeds: [{ name: 'undo', path: 'POST /api/admin-changes/{id}/undo' }],
  },
  { name: 'audit', roles: HOUSE, edit: [], list: '/api/audit?limit=300', id: 'seq', columns: ['at', 'name', 'action', 'object', 'detail', 'address'], fields: [] },
]

/** The text of a field's value, as it is typed. */
export function typedOf(field: Field, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (field.kind === 'yuan') return typeof value === 'number' ? String(value / 100) : ''
  if (field.kind === 'list') return Array.isArray(value) ? value.join(', ') : String(value)
  if (field.kind === 'lines') return Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : JSON.stringify(value)
  return String(value)
}

/** What was typed, as it is sent; an error's name when it does not fit. */
export function sentOf(field: Field, typed: string | boolean): { value: unknown } | { wrong: 'needed' | 'number' | 'yuan' } {
  if (field.kind === 'tick') return { value: typed === true }
  const text = String(typed).trim()
  if (text === '') return field.needed ? { wrong: 'needed' } : { value: field.kind === 'list' || field.kind === 'lines' ? [] : field.kind === 'text' ? '' : null }
  switch (field.kind) {
    case 'number':
      return /^-?\d{1,9}$/.test(text) ? { value: Number(text) } : { wrong: 'number' }
    case 'yuan': {
      const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text)
      return match ? { value: Number(match[1]) * 100 + Number((match[2] ?? '0').padEnd(2, '0')) } : { wrong: 'yuan' }
    }
    case 'list':
      return { value: text.split(/[,，、\s]+/).filter(Boolean) }
    case 'lines':
      return { value: text.split('\n').map((line) => line.trim()).filter(Boolean) }
    case 'select':
      return { value: /^\d+$/.test(text) ? Number(text) : text }
    default:
      return { value: text }
  }
}

/** Only what was changed is sent; a new one sends all that was filled in. */
export function bodyOf(fields: readonly Field[], before: Row | null, typed: Record<string, string | boolean>, whole: boolean): { body: Row } | { wrong: Record<string, 'needed' | 'number' | 'yuan'> } {
  const body: Row = {}
  const wrong: Record<string, 'needed' | 'number' | 'yuan'> = {}
  for (const field of fields) {
    if (before && field.once) continue
    const now = typed[field.key] ?? (field.kind === 'tick' ? false : '')
    const sent = sentOf(field, now)
    if ('wrong' in sent) wrong[field.key] = sent.wrong
    else if (before ? whole || changed(field, before[field.key], now) : !(sent.value === null || sent.value === '' || (Array.isArray(sent.value) && sent.value.length === 0))) body[field.key] = sent.value
  }
  return Object.keys(wrong).length ? { wrong } : { body }
}

/** Whether what is typed means something else than what was there: `order，care` is `order, care`. */
export function changed(field: Field, before: unknown, typed: string | boolean): boolean {
  if (field.kind === 'tick') return (before === true) !== (typed === true)
  const was = typedOf(field, before)
  return was !== String(typed) && JSON.stringify(sentOf(field, was)) !== JSON.stringify(sentOf(field, typed))
}
