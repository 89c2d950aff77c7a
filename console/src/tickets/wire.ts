// What the server says of tickets and of proposals for the block list (docs/api.md). Times are RFC 3339.

export interface Ticket {
  id: string
  number: string
  kind: string
  /** 1 is the worst. */
  severity: number
  status: 'open' | 'taken' | 'closed'
  customer: string | null
  name: string
  phone: string | null
  order: { id: string; number: string } | null
  branch: number | null
  call: string | null
  recording: string | null
  words: string
  owner: { id: string; name: string } | null
  at: string
  due_at: string
  /** How often its deadline has passed. */
  escalated: number
  closed: { at: string; by: string; outcome: string; told: string } | null
  revision: number
}

export interface Note {
  at: string
  by: string
  kind: string
  text: string
}

export type Story = Ticket & { notes: Note[] }

/** A number that deliveries or people proposed for the block list. */
export interface Proposal {
  id: string
  phone: string
  order: string | null
  number: string
  why: string
  note: string
  at: string
  by: string
  status: 'open' | 'confirmed' | 'dismissed'
  level: string
  done_at: string | null
  done_by: string
}

/** A number that stands on the block list. */
export interface Block {
  id: string
  phone: string
  level: string
  reason: string
  until: string | null
  at: string
  by: string
  /** Calls that met it. */
  hits: number
}
