import {html} from "npm:htl";
import type {SiteEntry} from "../../loaders/types.js";
import {alerts} from "./parts/alert.js";
import {catalogue, datasetNamed, pageUrl} from "./catalogue.js";
import {colourOf} from "./data/colour.js";
import {buildAge, freshness, latest} from "./parts/latest.js";
import {mark} from "./parts/mark.js";
import {map} from "./parts/map.js";
import {stateOf} from "./parts/state.js";

/** The first page: what is measured where, now, and whether it is fresh. */
export function home(): Element {
  const {sites, parameters, description} = catalogue;
  return html`<div>
    <p class="lead">${description}</p>
    ${buildAge()} ${summary(sites)} ${map(sites)}
    <div class="sites">${sites.map(siteCard)}</div>
    <h2>By parameter</h2>
    <p class="links">
      ${parameters.map(({slug, label}) => html`<a href=${pageUrl(`parameters/${slug}`)}>${label}</a> `)}
    </p>
  </div>`;
}

/** How all sites fare, in one sentence. */
function summary(sites: readonly SiteEntry[]): Element {
  const late = sites.filter((site) => stateOf(site).name !== "fresh").map(({label}) => label);
  if (late.length === 0)
    return html`<p>
      ${mark("fresh")} ${sites.length === 1 ? "The site reports" : `All ${sites.length} sites report`} as expected.
    </p>`;
  return html`<p class="late">${mark("late")} No fresh readings from ${late.join(", ")}.</p>`;
}

function siteCard(site: SiteEntry): Element {
  const {slug, label, description, dataset: name} = site;
  const dataset = datasetNamed(name);
  return html`<section class="card site" style=${`--site: ${colourOf(name)}`}>
    <h2>${stateMark(site)} <a href=${pageUrl(`sites/${slug}`)}>${label}</a></h2>
    <p>${description}</p>
    <div>${freshness(dataset)} ${alerts(dataset)}</div>
    ${latest(dataset)}
  </section>`;
}

function stateMark(site: SiteEntry): Element {
  const {name, words} = stateOf(site);
  return html`<span class=${`state ${name}`} role="img" aria-label=${words} title=${words}>${mark(name)}</span>`;
}
