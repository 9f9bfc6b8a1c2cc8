//! From published margins to whole children: iterative proportional fitting
//! and rounding that keeps every margin exact.
//!
//! Fitting: Deming & Stephan (1940), "On a least squares adjustment of a
//! sampled frequency table". Rounding: in a table whose row and column sums are
//! whole, the cells that are not whole contain a cycle; value is pushed around
//! it until one of them is. Cox (1987), "A constructive procedure for unbiased
//! controlled rounding", uses the same step with a coin for its direction.

/// Children by age band, legal status, placement, time in care and stream: five
/// margins, each by index.
pub const DIMENSIONS: usize = 5;

/// One child's place in the five margins.
pub type Cell = [usize; DIMENSIONS];

/// How far a fitted sum may lie from its margin.
const TOLERANCE: f64 = 1e-7;
const SWEEPS: usize = 5_000;

/// Whole numbers in proportion to `shares` that add up to `total`: the largest
/// remainders are rounded up, the first of equals first.
pub fn largest_remainder(shares: &[f64], total: u32) -> Vec<u32> {
    let sum: f64 = shares.iter().sum();
    if shares.is_empty() || sum <= 0.0 {
        return vec![0; shares.len()];
    }
    let exact: Vec<f64> = shares
        .iter()
        .map(|share| share / sum * f64::from(total))
        .collect();
    // A whole share can come out a hair below itself.
    let mut whole: Vec<u32> = exact.iter().map(|x| (x + 1e-9).floor() as u32).collect();
    let missing = total.saturating_sub(whole.iter().sum());
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let remainder = |index: usize| exact[index] - exact[index].floor();
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)));
    for &index in order.iter().take(missing as usize) {
        whole[index] += 1;
    }
    whole
}

/// Places `total` children so that all five margins are met exactly and no
/// child stands in an impossible cell.
///
/// The margins are joined one by one, each time as a two-way table of the
/// cells so far against the next margin, as independent as the impossible
/// cells allow.
///
/// # Errors
/// The index of the first margin that cannot be met together with those
/// before it.
pub fn place(
    total: u32,
    shares: &[Vec<f64>; DIMENSIONS],
    is_possible: impl Fn(&[usize]) -> bool,
) -> Result<Vec<Cell>, usize> {
    let margins: Vec<Vec<u32>> = shares
        .iter()
        .map(|share| largest_remainder(share, total))
        .collect();
    let mut cells: Vec<(Vec<usize>, u32)> = vec![(Vec::new(), total)];
    for (dimension, margin) in margins.iter().enumerate() {
        let rows: Vec<u32> = cells.iter().map(|(_, count)| *count).collect();
        let possible = |row: usize, column: usize| {
            let mut cell = cells[row].0.clone();
            cell.push(column);
            can_be_finished(&cell, &margins, &is_possible)
        };
        let table = fit(&rows, margin, possible).ok_or(dimension)?;
        let table = round(table).ok_or(dimension)?;
        let mut next = Vec::new();
        for ((cell, _), row) in cells.iter().zip(&table) {
            for (column, &count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
                let mut cell = cell.clone();
                cell.push(column);
                next.push((cell, count));
            }
        }
        cells = next;
    }
    Ok(cells
        .into_iter()
        .flat_map(|(cell, count)| {
            let cell: Cell = cell.try_into().expect("every margin has been joined");
            std::iter::repeat_n(cell, count as usize)
        })
        .collect())
}

/// Whether a cell given so far leaves some possible whole cell.
fn can_be_finished(
    cell: &[usize],
    margins: &[Vec<u32>],
    is_possible: &impl Fn(&[usize]) -> bool,
) -> bool {
    if cell.len() == margins.len() {
        return is_possible(cell);
    }
    let mut longer = cell.to_vec();
    longer.push(0);
    (0..margins[cell.len()].len())
        .filter(|&column| margins[cell.len()][column] > 0)
        .any(|column| {
            *longer.last_mut().expect("just pushed") = column;
            can_be_finished(&longer, margins, is_possible)
        })
}

/// A two-way table with these row and column sums, as even as its zeros allow.
fn fit(
    rows: &[u32],
    columns: &[u32],
    is_possible: impl Fn(usize, usize) -> bool,
) -> Option<Vec<Vec<f64>>> {
    let mut table: Vec<Vec<f64>> = (0..rows.len())
        .map(|row| {
            (0..columns.len())
                .map(|column| f64::from(u8::from(is_possible(row, column))))
                .collect()
        })
        .collect();
    for _ in 0..SWEEPS {
        for (row, &sum) in table.iter_mut().zip(rows) {
            scale(row.iter_mut(), f64::from(sum));
        }
        let mut worst: f64 = 0.0;
        for (column, &sum) in columns.iter().enumerate() {
            let before: f64 = table.iter().map(|row| row[column]).sum();
            worst = worst.max((before - f64::from(sum)).abs());
            scale(table.iter_mut().map(|row| &mut row[column]), f64::from(sum));
        }
        if worst < TOLERANCE {
            return Some(table);
        }
    }
    None
}

fn scale<'a>(cells: impl Iterator<Item = &'a mut f64>, sum: f64) {
    let cells: Vec<&mut f64> = cells.collect();
    let now: f64 = cells.iter().map(|cell| **cell).sum();
    if now > 0.0 {
        for cell in cells {
            *cell *= sum / now;
        }
    }
}

const NEARLY: f64 = 1e-5;

fn is_whole(x: f64) -> bool {
    // Counts are small and not negative: quicker than rounding.
    let beyond = x - (x as u32 as f64);
    !(NEARLY..=1.0 - NEARLY).contains(&beyond)
}

/// Rounds a table with whole row and column sums, keeping them.
fn round(mut table: Vec<Vec<f64>>) -> Option<Vec<Vec<u32>>> {
    let mut whole_rows = 0;
    while let Some(cycle) = cycle_of_fractions(&table, &mut whole_rows) {
        // Odd cells of the cycle rise while even ones fall.
        let mut step = f64::INFINITY;
        for (order, &(row, column)) in cycle.iter().enumerate() {
            let x = table[row][column];
            let room = if order % 2 == 0 {
                x - x.floor()
            } else {
                x.ceil() - x
            };
            step = step.min(room);
        }
        for (order, &(row, column)) in cycle.iter().enumerate() {
            let x = &mut table[row][column];
            *x += if order % 2 == 0 { -step } else { step };
            if is_whole(*x) {
                *x = x.round();
            }
        }
    }
    table
        .iter()
        .map(|row| {
            row.iter()
                .map(|&x| is_whole(x).then_some(x.round() as u32))
                .collect()
        })
        .collect()
}

/// A closed walk over cells that are not whole, by row and column in turn; the
/// first rows are known to be whole, and stay so.
fn cycle_of_fractions(table: &[Vec<f64>], whole_rows: &mut usize) -> Option<Vec<(usize, usize)>> {
    let start = (*whole_rows..table.len())
        .find_map(|row| Some((row, table[row].iter().position(|&x| !is_whole(x))?)))?;
    *whole_rows = start.0;
    let mut walk = vec![start];
    loop {
        let &(row, column) = walk.last().expect("the walk has begun");
        let along_row = walk.len() % 2 == 1;
        let next = if along_row {
            (0..table[row].len())
                .find(|&other| other != column && !is_whole(table[row][other]))
                .map(|other| (row, other))
        } else {
            (0..table.len())
                .find(|&other| other != row && !is_whole(table[other][column]))
                .map(|other| (other, column))
        }?;
        // Closed when the new cell shares the line of an earlier step of the
        // same kind.
        let closes = walk.iter().enumerate().position(|(index, &(r, c))| {
            let same_turn = index % 2 == usize::from(!along_row);
            same_turn
                && if along_row {
                    c == next.1 && r != next.0
                } else {
                    r == next.0 && c != next.1
                }
        });
        walk.push(next);
        if let Some(index) = closes {
            let cycle: Vec<_> = walk[index..].to_vec();
            if cycle.len() % 2 == 0 && cycle.len() >= 4 {
                return Some(cycle);
            }
            return Some(walk[index + 1..].to_vec()).filter(|cycle| cycle.len() % 2 == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(cells: &[Cell], dimension: usize, size: usize) -> Vec<u32> {
        let mut counts = vec![0; size];
        for cell in cells {
            counts[cell[dimension]] += 1;
        }
        counts
    }

    #[test]
    fn remainders_go_to_the_largest() {
        // 308 children by Herefordshire's age shares.
        let shares = [0.043, 0.136, 0.259, 0.372, 0.19];
        assert_eq!(largest_remainder(&shares, 308), [13, 42, 80, 115, 58]);
        assert_eq!(largest_remainder(&[1.0, 1.0, 1.0], 10), [4, 3, 3]);
        assert_eq!(largest_remainder(&[13.0, 295.0], 308), [13, 295]);
    }

    #[test]
    fn impossible_cells_stay_empty() {
        // No child under 5 (first band) in the third placement.
        let shares = [
            vec![50.0, 50.0],
            vec![1.0],
            vec![40.0, 40.0, 20.0],
            vec![1.0],
            vec![1.0],
        ];
        let cells = place(100, &shares, |cell| !(cell[0] == 0 && cell[2] == 2)).unwrap();
        assert_eq!(cells.len(), 100);
        assert!(!cells.iter().any(|cell| cell[0] == 0 && cell[2] == 2));
        assert_eq!(counts(&cells, 2, 3), [40, 40, 20]);
        assert_eq!(counts(&cells, 0, 2), [50, 50]);
    }

    #[test]
    fn margins_that_contradict_each_other_are_refused() {
        let one = || vec![1.0];
        let shares = [vec![60.0, 40.0], one(), vec![20.0, 80.0], one(), one()];
        let result = place(100, &shares, |cell| !(cell[0] == 0 && cell[2] == 1));
        assert_eq!(result, Err(2));
    }

    proptest! {
        #[test]
        fn every_margin_is_met_exactly(
            total in 1u32..400,
            a in prop::collection::vec(0.01f64..1.0, 1..6),
            b in prop::collection::vec(0.01f64..1.0, 1..5),
            c in prop::collection::vec(0.01f64..1.0, 1..8),
            d in prop::collection::vec(0.01f64..1.0, 1..5),
            e in prop::collection::vec(0.01f64..1.0, 1..4),
        ) {
            let shares = [a, b, c, d, e];
            let cells = place(total, &shares, |_| true).unwrap();
            for (dimension, share) in shares.iter().enumerate() {
                prop_assert_eq!(
                    counts(&cells, dimension, share.len()),
                    largest_remainder(share, total)
                );
            }
        }
    }
}
