import { grown, JobLinks, JobList, nil } from '../../../../src/hub/jobs/job-list.js';

const linked = (capacity: number): JobLinks => {
  const links = new JobLinks();
  links.grow(capacity);
  return links;
};

const forwards = (links: JobLinks, list: JobList): number[] => {
  const jobs: number[] = [];
  for (let job = list.head; job !== nil; job = links.next[job]) jobs.push(job);
  return jobs;
};

const backwards = (links: JobLinks, list: JobList): number[] => {
  const jobs: number[] = [];
  for (let job = list.tail; job !== nil; job = links.previous[job]) jobs.push(job);
  return jobs;
};

describe('a list of jobs', () => {
  test('begins empty', () => {
    const { head, tail, length } = new JobList();
    expect({ head, tail, length }).toEqual({ head: nil, tail: nil, length: 0 });
  });

  test('is first in, first out, and what is given back goes first', () => {
    const [links, list] = [linked(8), new JobList()];
    for (const job of [3, 1, 4]) links.append(list, job);
    links.prepend(list, 5);
    expect(forwards(links, list)).toEqual([5, 3, 1, 4]);
    expect(backwards(links, list)).toEqual([4, 1, 3, 5]);
    expect(list.length).toBe(4);
  });

  test.each([
    ['the first', 3, [1, 4]],
    ['one between two', 1, [3, 4]],
    ['the last', 4, [3, 1]],
  ])('loses %s at no cost to the others', (_which, gone, left) => {
    const [links, list] = [linked(8), new JobList()];
    for (const job of [3, 1, 4]) links.append(list, job);
    links.remove(list, gone);
    expect(forwards(links, list)).toEqual(left);
    expect(backwards(links, list)).toEqual([...left].reverse());
    expect(list.length).toBe(2);
  });

  test('is empty when its only job leaves it, however that came in', () => {
    for (const how of ['append', 'prepend'] as const) {
      const [links, list] = [linked(8), new JobList()];
      links[how](list, 6);
      expect([list.head, list.tail]).toEqual([6, 6]);
      links.remove(list, 6);
      expect([list.head, list.tail, list.length]).toEqual([nil, nil, 0]);
    }
  });

  test('keeps its jobs when there is room for more', () => {
    const [links, list] = [linked(2), new JobList()];
    links.append(list, 0);
    links.append(list, 1);
    links.grow(4);
    links.append(list, 3);
    expect(forwards(links, list)).toEqual([0, 1, 3]);
    expect(backwards(links, list)).toEqual([3, 1, 0]);
  });

  test('a column that grows keeps what stands in it', () => {
    expect(grown(Uint8Array.of(1, 2), new Uint8Array(3))).toEqual(Uint8Array.of(1, 2, 0));
  });
});
