// Function names, shortened for places where there is little room. The whole name is always at hand on hover.

import type { Health } from './api'

// "github.com/acme/shop/cache.(*Store).Set" is "cache.(*Store).Set": the import path says little to whoever knows the service.
export function shortName(name: string): string {
  if (!name) return '(no name)'
  const stop = name.search(/[([<{ ]/)
  const slash = (stop === -1 ? name : name.slice(0, stop)).lastIndexOf('/')
  return name.slice(slash + 1)
}

export function shortFile(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

export function instanceOf(labels: Record<string, string>): string {
  return labels.instance ?? Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ')
}

export const kHealthWords: Record<Health | 'gone', string> =
  { up: 'up', down: 'down', unknown: 'not scraped yet', stopped: 'stopped', lost: 'lost by discovery', gone: 'gone' }

export function serviceOf(labels: Record<string, string>): string {
  return labels.service ?? labels.job ?? ''
}
