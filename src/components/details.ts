import {FileAttachment} from "observablehq:stdlib";
import type {Details} from "../../loaders/types.js";

/** How the resources fared, what the pond did, how complete the record is: fetched by pages that tell of it, and no other. */
export const details = (await FileAttachment("../data/details.json").json()) as Details;
