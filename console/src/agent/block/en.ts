// The words of the form that blocks a number, in English.
import type { WordsLike } from '@/shared/i18n/like'
import type { zh } from './zh'

export const en: WordsLike<typeof zh> = {
  'block.lift': 'Take off',
  'block.lifted': 'Taken off the list.',
  'block.number': 'Number',
  'block.number_missing': 'The number is missing',
  'block.level': 'How',
  'block.no_cash': 'No cash: an agent takes deliveries',
  'block.agent': 'A person only, no self service',
  'block.soft': 'Watch: a person or a message only',
  'block.message': 'May leave a message only',
  'block.hard': 'Block: told, then hung up',
  'block.busy': 'Busy tone',
  'block.decline': 'Not answered',
  'block.until': 'Until',
  'block.days': '{n} {n|day|days}',
  'block.for_good': 'For good',
  'block.reason': 'Reason',
  'block.hint': 'Counts from the next call on; a supervisor can undo it.',
  'block.do': 'Block',
  'block.done': 'Blocked, from the next call on.',
}
