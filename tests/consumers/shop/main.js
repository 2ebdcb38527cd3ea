// A page without a framework.

import { trade } from './trade.js';
import { report, settings } from './desk.js';

settings().then(trade).then(report);
