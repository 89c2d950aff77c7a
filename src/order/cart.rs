//! The cart's rules: equal lines become one, quantities stay within what the kitchen takes, what is gone is left out.

use crate::domain::{BranchNumber, Cart, CartLine, Catalogue, ClockTime, MenuNumber, Quantity, Timestamp};

/// What became of a line that was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// A new line at this place.
    Line(usize),
    /// Merged into the equal line at this place.
    Merged(usize),
    /// Together more portions than `most` allows; nothing was changed.
    TooMany,
    /// No more lines fit; nothing was changed.
    Full,
}

/// More different lines than this are for a person to take down.
pub const MOST_LINES: usize = 40;

/// Puts a line into the cart; the same dish with the same options becomes one line (at most `most` portions).
pub fn add(cart: &mut Cart, line: CartLine, most: u16) -> Added {
    let equal = |other: &CartLine| other.dish == line.dish && other.size == line.size && other.spice == line.spice;
    if let Some(place) = cart.lines.iter().position(equal) {
        let portions = cart.lines[place].quantity.get() + line.quantity.get();
        return match Quantity::new(portions) {
            Some(quantity) if portions <= most => {
                cart.lines[place].quantity = quantity;
                Added::Merged(place)
            }
            _ => Added::TooMany,
        };
    }
    if line.quantity.get() > most {
        return Added::TooMany;
    }
    if cart.lines.len() >= MOST_LINES {
        return Added::Full;
    }
    cart.lines.push(line);
    Added::Line(cart.lines.len() - 1)
}

/// Takes out what cannot be had at `at`: dishes off the menu, sold out, or not served at `time` (when given).
/// Returns the dishes that are gone, each once.
pub fn leave_out_gone(
    cart: &mut Cart,
    catalogue: &Catalogue,
    branch: Option<BranchNumber>,
    at: Timestamp,
    time: Option<ClockTime>,
) -> Vec<MenuNumber> {
    let mut gone = Vec::new();
    cart.lines.retain(|line| {
        let there = catalogue
            .dish(line.dish)
            .is_some_and(|dish| !catalogue.is_sold_out(line.dish, branch, at) && time.is_none_or(|time| dish.served_at(time)));
        if !there && !gone.contains(&line.dish) {
            gone.push(line.dish);
        }
        there
    });
    gone
}

/// Takes out all lines of these dishes; true when something was taken out.
pub fn remove(cart: &mut Cart, dishes: &[MenuNumber]) -> bool {
    let before = cart.lines.len();
    cart.lines.retain(|line| !dishes.contains(&line.dish));
    cart.lines.len() != before
}

#[cfg(test)]
mod tests {
    use super::{Added, add, leave_out_gone, remove};
    use crate::domain::{Cart, CartLine, Catalogue, MenuNumber, Quantity, Spice, Timestamp};

    fn line(dish: u16, quantity: u16, spice: Option<Spice>) -> CartLine {
        CartLine { dish: MenuNumber::new(dish).unwrap(), quantity: Quantity::new(quantity).unwrap(), size: None, spice }
    }

    #[test]
    fn c17_equal_lines_become_one_and_other_options_another() {
        let mut cart = Cart::default();
        assert_eq!(add(&mut cart, line(20, 2, Some(Spice::Mild)), 50), Added::Line(0));
        assert_eq!(add(&mut cart, line(20, 1, Some(Spice::Hot)), 50), Added::Line(1));
        assert_eq!(add(&mut cart, line(20, 3, Some(Spice::Mild)), 50), Added::Merged(0));
        assert_eq!(cart.lines[0].quantity.get(), 5);
        assert_eq!(add(&mut cart, line(20, 46, Some(Spice::Mild)), 50), Added::TooMany);
        assert_eq!(cart.lines[0].quantity.get(), 5);
    }

    #[test]
    fn c21_what_is_off_the_menu_is_left_out_and_named_once() {
        let mut cart = Cart { lines: vec![line(1, 1, None), line(1, 1, Some(Spice::Hot))] };
        let gone = leave_out_gone(&mut cart, &Catalogue::default(), None, Timestamp::from_millis(0), None);
        assert_eq!((gone.len(), cart.lines.len()), (1, 0));
        assert!(!remove(&mut cart, &gone));
    }
}
