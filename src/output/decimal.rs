//! Numbers as text, quickly where they have few decimals: most figures of a run
//! are whole, or whole hundredths, and need no search for digits.

/// Decimals that are tried before a search.
const MILLION: f64 = 1e6;

/// Numbers below this have no more than fifteen digits with that many decimals:
/// so few that no other number of so many digits reads back as the same.
const MOST: f64 = 1e9;

/// Two digits of each number below a hundred.
const PAIRS: &str = "0001020304050607080910111213141516171819\
                     2021222324252627282930313233343536373839\
                     4041424344454647484950515253545556575859\
                     6061626364656667686970717273747576777879\
                     8081828384858687888990919293949596979899";

/// Writes numbers to texts.
#[derive(Default)]
pub(super) struct Decimal {
    whole: itoa::Buffer,
    any: zmij::Buffer,
}

impl Decimal {
    /// Adds a number as `Display` writes it: the fewest digits that read back as
    /// it, and never a power of ten.
    pub(super) fn push(&mut self, text: &mut String, value: f64) {
        if value.abs() < MOST {
            let millionths = crate::wide::nearest_whole(value * MILLION);
            // Zero has a sign, which has no digits.
            if millionths as f64 / MILLION == value && (millionths != 0 || value.to_bits() == 0) {
                return self.push_millionths(text, millionths);
            }
        }
        self.push_any(text, value);
    }

    fn push_millionths(&mut self, text: &mut String, millionths: i64) {
        const WHOLE: u64 = MILLION as u64;
        if millionths < 0 {
            text.push('-');
        }
        let millionths = millionths.unsigned_abs();
        text.push_str(self.whole.format(millionths / WHOLE));
        let decimals = (millionths % WHOLE) as usize;
        if decimals == 0 {
            return;
        }
        text.push('.');
        let pair = |from: usize| &PAIRS[2 * from..][..2];
        for pair in [decimals / 10_000, decimals / 100 % 100, decimals % 100].map(pair) {
            text.push_str(pair);
        }
        text.truncate(text.trim_end_matches('0').len());
    }

    #[cold]
    fn push_any(&mut self, text: &mut String, value: f64) {
        // Others may come with a power of ten.
        if !(1e-4..1e15).contains(&value.abs()) {
            return text.push_str(&value.to_string());
        }
        let digits = self.any.format_finite(value);
        text.push_str(digits.strip_suffix(".0").unwrap_or(digits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(value: f64) -> String {
        let mut text = String::from("x");
        Decimal::default().push(&mut text, value);
        text.split_off(1)
    }

    #[test]
    fn numbers_are_written_as_display_writes_them() {
        let numbers = [
            0.0,
            -0.0,
            314.0,
            -0.5,
            1.0 / 3.0,
            59.1,
            59.1_f64.next_up(),
            0.000_001,
            -1_234_567.000_1,
            1e-7,
            -2.5e-300,
            999_999_999.999_999,
            1e9,
            1e15,
            123_456_789_012_345_680.0,
            1e16,
            f64::MAX,
        ];
        for number in numbers {
            assert_eq!(pushed(number), number.to_string());
        }
    }

    proptest! {
        #[test]
        fn any_number_is_written_as_display_writes_it(
            number in prop_oneof![
                any::<f64>(),
                (-2_000_000_000_i64..2_000_000_000, 0..9_u32)
                    .prop_map(|(whole, decimals)| whole as f64 / 10_f64.powi(decimals as i32)),
            ],
        ) {
            prop_assume!(number.is_finite());
            prop_assert_eq!(pushed(number), number.to_string());
        }
    }
}
