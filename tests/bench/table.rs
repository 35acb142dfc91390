//! Tables of values that were measured in several rounds.

/// The name of a column, and the number of its decimals.
pub type Column = (&'static str, usize);

/// A table, with a value for each round in each cell.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<(String, Vec<Vec<f64>>)>,
}

impl Table {
    pub fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds the value of another round.
    pub fn add(&mut self, row: &str, column: usize, value: f64) {
        let index = self.rows.iter().position(|(name, _)| name == row);
        let index = index.unwrap_or_else(|| {
            let cells = vec![Vec::new(); self.columns.len()];
            self.rows.push((row.to_owned(), cells));
            self.rows.len() - 1
        });
        self.rows[index].1[column].push(value);
    }

    /// Compares two rows round by round, and returns the median. To compare their medians would say
    /// less: a machine that is slow for a while is slow for both rows.
    pub fn compare(
        &self,
        column: usize,
        [one, other]: [&str; 2],
        how: fn(f64, f64) -> f64,
    ) -> Option<f64> {
        let values = |name: &str| {
            let row = self.rows.iter().find(|(row, _)| row == name)?;
            Some(&row.1[column])
        };
        let pairs = values(one)?.iter().zip(values(other)?);
        median(pairs.map(|(one, other)| how(*one, *other)).collect())
    }

    /// Prints the medians.
    pub fn print(&self, title: &str) {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        println!("\n| {title} | {} |", names.join(" | "));
        println!("|---|{}", "---:|".repeat(names.len()));
        for (name, cells) in &self.rows {
            print!("| {name} |");
            for (cell, (_, decimals)) in cells.iter().zip(&self.columns) {
                match median(cell.clone()) {
                    Some(value) => print!(" {value:.decimals$} |"),
                    None => print!(" |"),
                }
            }
            println!();
        }
    }

    /// Returns how far apart the rounds of a cell are: the median of all cells, and the maximum.
    pub fn spread(&self) -> [f64; 2] {
        let cells = self.rows.iter().flat_map(|(_, cells)| cells);
        let spreads: Vec<_> = cells
            .filter(|cell| !cell.is_empty())
            .map(|cell| {
                let least = cell.iter().copied().fold(f64::MAX, f64::min);
                let most = cell.iter().copied().fold(0.0, f64::max);
                most / least - 1.0
            })
            .collect();
        let worst = spreads.iter().copied().fold(0.0, f64::max);
        [median(spreads).unwrap_or_default(), worst]
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
