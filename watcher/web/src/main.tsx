// Where the page begins: one view for each address.
import { render, type ComponentType } from 'preact'
import { useLayoutEffect } from 'preact/hooks'
import { usePlace, type Place } from './place'
import { Shell } from './shell'
import { Empty } from './parts/states'
import { Alerts } from './views/alerts'
import { DiffView } from './views/diff'
import { Leaks } from './views/leaks'
import { Overview } from './views/overview'
import { SiteView } from './views/site'
import { SnapshotView } from './views/snapshot'
import { Status } from './views/status'
import { Targets } from './views/targets'

export interface ViewProps {
  place: Place
}

const kViews: Record<string, [string, ComponentType<ViewProps>]> = {
  '/': ['Overview', Overview],
  '/leaks': ['Leaks', Leaks],
  '/site': ['Site', SiteView],
  '/diff': ['What changed', DiffView],
  '/snapshot': ['Heap', SnapshotView],
  '/alerts': ['Alerts', Alerts],
  '/targets': ['Targets', Targets],
  '/status': ['Status', Status],
}

function Page() {
  const place = usePlace()
  const [title, View] = kViews[place.path] ?? ['Nothing here', Nothing]
  // Before a view, which may know a better one.
  useLayoutEffect(() => {
    document.title = place.path === '/' ? 'Heapwatch' : `${title} · Heapwatch`
  }, [title, place.path])
  return <Shell place={place}><View place={place} /></Shell>
}

function Nothing() {
  return <Empty title="There is no such view"><p>The <a href="/">overview</a> leads to all there are.</p></Empty>
}

render(<Page />, document.getElementById('page')!)
