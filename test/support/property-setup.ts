/**
 * Every run of the tests tries the same cases, so that a change is judged by itself. With PROPERTY_RUNS the cases are other ones each time:
 * that is the hunt, whose finds become named tests.
 */
import fc from 'fast-check';

if (process.env['PROPERTY_RUNS'] === undefined) fc.configureGlobal({ seed: 536_870_912 });
