// The words of invoices in English.
import type { WordsLike } from '@/shared/i18n/like'
import type { zh } from './zh'

export const en: WordsLike<typeof zh> = {
  'invoice.title': 'Invoice',
  'invoice.ask': 'Take down',
  'invoice.of': 'Invoice of order #{number}',
  'invoice.kind': 'For',
  'invoice.company': 'Company',
  'invoice.person': 'Person',
  'invoice.name': 'Made out to',
  'invoice.tax_number': 'Tax number',
  'invoice.email': 'E-mail for the invoice',
  'invoice.phone': 'Mobile for the invoice',
  'invoice.kept': 'Taken down. The provider gets it after delivery.',
  'invoice.withdraw': 'No invoice after all',
  'invoice.withdrawn': 'The invoice is withdrawn.',
  'invoice.fixed': 'The provider has it: changes are made there.',
  'invoice.status.asked': 'Asked for',
  'invoice.status.exported': 'Being issued',
  'invoice.status.issued': 'Issued',
  'invoice.status.failed': 'Not issued',
  'invoice.status.withdrawn': 'Withdrawn',
}
