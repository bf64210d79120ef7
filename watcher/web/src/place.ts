// Where one is: the address. Everything a view shows is in it, so that a link sent to a colleague shows the same.
import { useEffect, useState } from 'preact/hooks'
import { address, type Parameters } from './api'
import { inside, outside, prefix } from './prefix'

export interface Place {
  path: string
  query: URLSearchParams
}

const listeners = new Set<() => void>()
const here = (): Place => ({ path: inside(window.location.pathname), query: new URLSearchParams(window.location.search) })

function changed() {
  for (const listener of listeners) listener()
}
window.addEventListener('popstate', changed)

export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const listener = () => setPlace(here())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return place
}

export function go(place: string) {
  const to = outside(place)
  if (to === window.location.pathname + window.location.search) return
  const samePage = to.split('?')[0] === window.location.pathname
  window.history.pushState(null, '', to)
  changed()
  if (!samePage) {
    window.scrollTo(0, 0)
    document.getElementById('main')?.focus({ preventScroll: true })
  }
}

// Changes some parameters of the present address; undefined removes one. `replace` keeps it out of the browser's history:
// for what is changed many times in a row, such as a handle being dragged.
export function change(parameters: Parameters, replace = false) {
  const query = Object.fromEntries(new URLSearchParams(window.location.search)) as Parameters
  const to = address(window.location.pathname, { ...query, ...parameters })
  if (to === window.location.pathname + window.location.search) return
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  changed()
}

// Plain clicks on links within the page need no loading of it.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element).closest('a')
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return
  const path = inside(link.pathname)
  if (!link.pathname.startsWith(prefix + '/')) return
  if (path.startsWith('/api/') || path.startsWith('/-/') || path === '/metrics') return
  event.preventDefault()
  go(path + link.search)
})
