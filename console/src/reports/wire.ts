// The wire of reports (docs/api.md): the same numbers as in CSV and XLSX.

export type Kind = 'count' | 'fen' | 'percent' | 'seconds' | 'text' | 'time'
export type Cell = number | string | null

export interface Both {
  zh: string
  en: string
}

export interface Listed {
  name: string
  title: Both
  about: 'calls' | 'orders' | string
  filters: ('branch' | 'queue' | 'agent')[]
  grains: string[]
  formula: ({ key: string } & Both)[]
}

export interface Head extends Both {
  key: string
  kind: Kind
}

export interface Report {
  name: string
  title: Both
  from: string
  to: string
  formula: ({ key: string } & Both)[]
  columns: Head[]
  rows: Cell[][]
  total: Cell[] | null
  previous: { total: Cell[] } | null
  chart: { kind: 'line' | 'bar' | 'heat' | 'grid' | 'funnel' | string; x: string; series: string[] } | null
}

export interface Staffing {
  date: string
  target_percent: number
  seconds: number
  shrinkage_percent: number
  based_on: string[]
  handling_seconds: number | null
  rows: { time: string; calls: number; erlangs: number; agents: number | null; in_time_percent: number | null; average_wait_seconds: number | null; occupancy_percent: number | null; rostered: number }[]
  lines: { erlangs: number; lines: number } | null
  formula: ({ key: string } & Both)[]
}
