/**
 * Loaded before a load balancer (`node --require`): its picker then gives each worker a job in its turn, at once,
 * whatever the worker holds, which is plain round robin. Only for comparison.
 */
import { Picker, WAIT } from '../../src/hub/picking/picker.js';

const { addWorker, removeWorker } = Picker.prototype;
const workers: number[] = [];
let turn = 0;

Picker.prototype.addWorker = function (...args): number {
  const worker = addWorker.apply(this, args);
  workers.push(worker);
  return worker;
};
Picker.prototype.removeWorker = function (worker): void {
  workers.splice(workers.indexOf(worker), 1);
  removeWorker.call(this, worker);
};
Picker.prototype.pick = () => (workers.length === 0 ? WAIT : workers[turn++ % workers.length]);
