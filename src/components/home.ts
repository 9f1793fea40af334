import {html} from "npm:htl";
import type {SiteEntry} from "../../loaders/types.js";
import {catalogue, datasetNamed, pageUrl} from "./catalogue.js";
import {colourOf} from "./colour.js";
import {buildAge, freshness, latest} from "./latest.js";

/** The first page: what is measured where, now, and whether it is fresh. */
export function home(): Element {
  const {sites, parameters, description} = catalogue;
  return html`<div>
    <p class="lead">${description}</p>
    ${buildAge()}
    <div class="sites">${sites.map(siteCard)}</div>
    <h2>By parameter</h2>
    <p class="links">
      ${parameters.map(({slug, label}) => html`<a href=${pageUrl(`parameters/${slug}`)}>${label}</a> `)}
    </p>
  </div>`;
}

function siteCard({slug, label, description, dataset: name}: SiteEntry): Element {
  const dataset = datasetNamed(name);
  return html`<section class="card site" style=${`--site: ${colourOf(name)}`}>
    <h2><a href=${pageUrl(`sites/${slug}`)}>${label}</a></h2>
    <p>${description}</p>
    ${freshness(dataset)} ${latest(dataset)}
  </section>`;
}
